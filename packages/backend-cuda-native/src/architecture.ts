import type { DeviceFacts } from "./native.ts";

/**
 * What code for a GPU is made for, as 10 · major + minor of a compute capability: the latest that the compiler knows, since what is
 * made for one runs on later ones of the same major (NVIDIA, CUDA Programming Guide, "Binary Compatibility"). Undefined where it knows none.
 */
export function architectureFor(
  { major, minor }: Pick<DeviceFacts, "major" | "minor">,
  known: readonly number[],
): number | undefined {
  const fitting = known.filter((n) => Math.floor(n / 10) === major && n % 10 <= minor);
  return fitting.length === 0 ? undefined : Math.max(...fitting);
}

/** What the compiler is told: products are fused with sums only where the text says so. */
export function optionsFor(architecture: number): readonly string[] {
  const suffix = architecture === 90 ? "a" : ""; // with which come instructions that later devices do not have
  return [`--gpu-architecture=sm_${architecture}${suffix}`, "--std=c++17", "--fmad=false"];
}
