import { type Kernel, lower, withIndexScope, withParts } from "@tenon/lowering";
import { type CompileSettings, compile, spec, type Tensor, tensor } from "@tenon/tensor";
import { MAX_THREADS, SHARED_BYTES } from "../capabilities.ts";
import { sourceOf, templates } from "../kernels.ts";
import { claimsOn } from "./claims.ts";
import { settleFor } from "./settle.ts";
import "@tenon/interpreter";

type Sizes = Parameters<typeof spec>[0];

export interface StepOptions extends Pick<CompileSettings, "precision"> {
  /** Whether products may be a library's; true by default. */
  readonly library?: boolean;
}

const MAJOR = 9;

/** What `said` says of the kernels of a step, by its arguments' shapes. */
export function kernelsOfStep<A extends readonly Tensor[], T>(
  step: (...args: A) => readonly Tensor[],
  shapes: readonly Sizes[],
  said: (kernel: Kernel) => T,
  { library = true, ...options }: StepOptions = {},
): Promise<readonly T[]> {
  const module = compile(step, { ...options, backend: "interpreter" }).trace(...shapes.map((shape) => spec(shape)));
  const target = { templates, claims: claimsOn(MAJOR), settle: settleFor(library) };
  return withParts(() => withIndexScope(() => lower(module, "step", target).kernels.map(said)));
}

/** A kernel's text for an H100 and its likes. */
export const textOf = (kernel: Kernel): string =>
  sourceOf(kernel, { maxThreads: MAX_THREADS, sharedBytes: SHARED_BYTES, major: MAJOR }).text;

/** Numbers that no rounding leaves as they are. */
export const numbers = (shape: readonly number[]): Tensor =>
  tensor(
    Float32Array.from({ length: shape.reduce((n, size) => n * size, 1) }, (_, i) => Math.sin(1 + 3.7 * i)),
    { shape },
  );
