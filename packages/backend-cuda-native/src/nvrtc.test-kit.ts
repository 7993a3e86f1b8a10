import { describe } from "vitest";
import { optionsFor } from "./architecture.ts";
import { type KernelSource, programText } from "./cuda/source.ts";
import "./emulated-device.test-kit.ts"; // which builds the addon
import { kernelsOfKit } from "./kernels-of-kit.test-kit.ts";
import { candidatesOf } from "./libraries.ts";
import { type DeviceFacts, loadNative, type NativeCompiler } from "./native.ts";

/** NVIDIA's own, which needs no device; undefined where it is not installed, or the addon is not built. */
function openNvrtc(): NativeCompiler | undefined {
  try {
    const { Compiler } = loadNative();
    return new Compiler(candidatesOf("compiler", { ...process.env, TENON_CUDA_LIBS: "" }));
  } catch {
    return undefined;
  }
}

const nvrtc = openNvrtc();
if (nvrtc === undefined)
  process.stderr.write("\n*** NVRTC is not installed: kernels are NOT compiled by it in these tests. ***\n");

export const describeWithNvrtc = describe.skipIf(nvrtc === undefined);

type Capability = Pick<DeviceFacts, "major" | "minor">;

/** Kernels that are compiled at once. */
const PER_PROGRAM = 160;

/** Compiles a program for a device. */
export const compileProgram = (text: string, capability: Capability): Promise<Uint8Array> =>
  nvrtc!.compile(text, optionsFor(10 * capability.major + capability.minor));

/** Compiles a share of the kernels of the conformance kit; rejects where NVRTC refuses one. */
export async function compileKit(capability: Capability, share: number): Promise<void> {
  const kernels: KernelSource[] = [];
  await kernelsOfKit({ share }, (source) => void kernels.push(source), capability.major);
  for (let i = 0; i < kernels.length; i += PER_PROGRAM)
    await compileProgram(programText(kernels.slice(i, i + PER_PROGRAM)), capability);
}
