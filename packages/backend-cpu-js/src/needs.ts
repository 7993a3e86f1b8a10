import { late, loadElementary, type StepProgram, wordsOf } from "@tenon/lowering";

/** Loops and branches around launches, sorting, and floats of 16 bits. */
export const rare = late(() => import("./rare.ts"));

const rareWords = ["loop", "branch", "while", "sort", "float16", "bfloat16", "round16", "roundb16"];

/** Loads what a program is made of and most are not. */
export async function loadNeeds({ items, kernels }: StepProgram): Promise<void> {
  const words = wordsOf([items, kernels]);
  if (rareWords.some((word) => words.has(word))) await rare.load();
  await loadElementary(words);
}
