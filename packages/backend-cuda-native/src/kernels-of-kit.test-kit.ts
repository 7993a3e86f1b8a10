import { ABI, type BackendFactory } from "@tenon/backend";
import { type ConformanceOptions, conformance, type Evaluate } from "@tenon/conformance";
import { evaluateTensors } from "@tenon/interpreter";
import { backendFrom, type KernelBackend } from "@tenon/lowering";
import { capabilities, MAX_THREADS, SHARED_BYTES } from "./capabilities.ts";
import type { KernelSource } from "./cuda/source.ts";
import { deviceKernels } from "./device-kernels.ts";
import { claimsOn } from "./kernels/claims.ts";
import { settleFor } from "./kernels/settle.ts";
import { sourceOf, templates } from "./kernels.ts";
import { ALIGNMENT } from "./memory.ts";

/** What a device would be that runs them, but for its capability. */
const facts = {
  name: "emulated",
  minor: 0,
  multiprocessors: 4,
  sharedBytes: SHARED_BYTES,
  totalBytes: 2 ** 32,
};

/** The backend without its device: programs are lowered and rendered, and all memory reads as zeros. */
function renderer(add: (source: KernelSource) => void, major: number): KernelBackend<number, null> {
  const limits = { maxThreads: MAX_THREADS, sharedBytes: SHARED_BYTES, major };
  const nothing = (): void => {};
  return {
    id: "cuda-native",
    caps: capabilities({ ...facts, major }, 13_000),
    target: { templates, settle: settleFor(true) },
    claims: claimsOn(major),
    planning: { align: ALIGNMENT, guard: 0 },
    maxBufferBytes: facts.totalBytes,
    alloc: (bytes) => bytes,
    read: async (_, __, bytes) => new Uint8Array(bytes),
    load({ kernels }) {
      for (const source of kernels.map((kernel) => sourceOf(kernel, limits))) add(source);
      return null;
    },
    ...{ free: nothing, copy: nothing, write: nothing, run: nothing, unload: nothing, close: nothing },
    sync: async () => {},
  };
}

/** Zeros as well, so that nothing of the kit fails that is not about values. */
const zeros: Evaluate = (results, values) =>
  results.every(({ shape }) => shape.every((size) => typeof size === "number"))
    ? results.map(({ dtype, shape }) => {
        const sizes = shape as readonly number[];
        return { dtype, shape: sizes, data: new Float64Array(sizes.reduce((a, b) => a * b, 1)) };
      })
    : evaluateTensors(results, values);

/**
 * Every kernel that the conformance kit makes here, once, as soon as it is made. Nothing is computed meanwhile.
 *
 * @param major The first number of the compute capability that they are for.
 */
export async function kernelsOfKit(
  options: ConformanceOptions,
  found: (source: KernelSource) => void,
  major = 9,
): Promise<void> {
  const seen = new Set<string>();
  const add = (source: KernelSource): void => {
    if (seen.has(source.symbol)) return;
    seen.add(source.symbol);
    found(source);
  };
  for (const dtype of ["uint8", "uint16", "uint32", "float64"] as const) add(deviceKernels.copy(dtype));
  add(deviceKernels.choose);
  add(deviceKernels.proceed);
  const factory: BackendFactory = {
    id: "cuda-native",
    abi: ABI,
    create: async () => backendFrom(renderer(add, major)),
  };
  await conformance(factory, { ...options, reference: zeros });
}
