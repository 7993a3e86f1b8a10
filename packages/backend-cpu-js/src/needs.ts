import { eachPart, elementaryOps, type Kernel, late, rareElementary } from "@tenon/lowering";

/** Sorting and floats of 16 bits. */
export const rare = late(() => import("./rare.ts"));

const ours = ["sort", "float16", "bfloat16", "round16", "roundb16"];
const polynomials: readonly string[] = [...elementaryOps, "pow"].filter((op) => op !== "exp" && op !== "log");

/** Loads what kernels are made of and most are not: by their kinds, operations and dtypes. */
export async function loadNeeds(kernels: readonly Kernel[]): Promise<void> {
  const words = new Set<unknown>();
  eachPart(kernels, (part) => {
    const { kind, op, dtype } = part as Readonly<Record<"kind" | "op" | "dtype", unknown>>;
    words.add(kind).add(op).add(dtype);
  });
  const has = (list: readonly string[]): boolean => list.some((word) => words.has(word));
  if (has(ours)) await rare.load();
  if (has(polynomials)) await rareElementary.load();
}
