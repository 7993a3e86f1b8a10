import { type IndexNode, type IndexVariable, operandsOf } from "../index-node.ts";
import type { DotKernel, Kernel, SortKernel } from "./kernel.ts";

/*
 * Kernels are plain objects and lists of them, in which slots, registers and values are shared. What is asked of all parts
 * alike is asked here of any object. Operands of values are not followed: they have a `let` of their own, which stands before,
 * and a chain of any length takes no stack.
 */

export const isIndex = (part: object): part is IndexNode => "hash" in part;

/** Shows every object in `whole`, once, each after its parts. Index expressions have none here. */
export function eachPart(whole: unknown, visit: (part: object) => void, seen = new Set<unknown>()): void {
  if (typeof whole !== "object" || whole === null || seen.has(whole)) return;
  seen.add(whole);
  if (!isIndex(whole))
    for (const key in whole) if (key !== "operands") eachPart(whole[key as keyof typeof whole], visit, seen);
  visit(whole);
}

/** The same with other index expressions; an object in which nothing changes stays the one that it is. */
export function changeIndices<T>(
  whole: T,
  change: (node: IndexNode) => IndexNode,
  made = new Map<unknown, unknown>(),
): T {
  if (typeof whole !== "object" || whole === null) return whole;
  if (!made.has(whole)) {
    const known = (_: string, operand: unknown): unknown => made.get(operand) ?? operand;
    const changed = (key: string, part: unknown): unknown =>
      key === "operands" ? withParts(part as object, known) : changeIndices(part, change, made);
    made.set(whole, isIndex(whole) ? change(whole) : withParts(whole, changed));
  }
  return made.get(whole) as T;
}

/** A copy with other parts, or the object itself where each is as before. */
function withParts(whole: object, of: (key: string, part: unknown) => unknown): object {
  const parts = Object.entries(whole).map(([key, part]) => [key, part, of(key, part)] as const);
  if (parts.every(([, before, now]) => Object.is(before, now))) return whole;
  if (Array.isArray(whole)) return parts.map(([, , now]) => now);
  return Object.fromEntries(parts.map(([key, , now]) => [key, now]));
}

/** The variables to which a kernel gives no value: sizes, and counters of loops around it. */
export function freeVariables(kernel: Omit<Kernel, "scalars">): IndexVariable[] {
  const { batch, row, column, k, line, place } = kernel as Partial<DotKernel & SortKernel>;
  const bound = new Set<unknown>([batch, row, column, k, line, place]);
  const used = new Set<IndexNode>();
  eachPart(kernel, (part) => {
    if (isIndex(part)) used.add(part);
    else if ("variable" in part) bound.add(part.variable);
  });
  for (const node of used) for (const x of operandsOf(node)) used.add(x);
  return [...used].filter((v): v is IndexVariable => v.kind === "variable" && !bound.has(v));
}

/**
 * Equal for two kernels that compute the same by the same statements, whatever they and their slots are called. Index
 * expressions stand in it by identity, so that it holds for kernels made in one index scope.
 */
export function kernelKey(kernel: Kernel): string {
  const numbers = new Map<object, number>();
  return JSON.stringify(kernel, (key, part: unknown) => {
    if (key === "name") return undefined;
    if (key === "attrs") return JSON.stringify(part);
    if (typeof part === "number") return Object.is(part, -0) ? "-0" : String(part); // JSON has no −0 and no infinities
    if (typeof part !== "object" || part === null) return part;
    if (isIndex(part)) return `#${part.id}`;
    const number = numbers.get(part);
    if (number === undefined) numbers.set(part, numbers.size);
    return number ?? part;
  });
}
