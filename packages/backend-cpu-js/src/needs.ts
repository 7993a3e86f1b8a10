import { type Kernel, late, loadElementary, wordsOf } from "@tenon/lowering";

/** Sorting and floats of 16 bits. */
export const rare = late(() => import("./rare.ts"));

/** Loads what kernels are made of and most are not. */
export async function loadNeeds(kernels: readonly Kernel[]): Promise<void> {
  const words = wordsOf(kernels);
  const isRare = ["sort", "float16", "bfloat16", "round16", "roundb16"].some((word) => words.has(word));
  if (isRare) await rare.load();
  await loadElementary(words);
}
