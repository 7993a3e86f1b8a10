import type { Node, Shape, Tensor } from "@tenon/ir";
import { numbers } from "./algebra-moves.ts";
import { node } from "./algebra-rule.ts";
import { splatValue } from "./constant-of.ts";

/** A slice that begins where constants say, as one that begins at these numbers. */
export function constantSlice({ inputs: [x, ...starts], attrs }: Node): Tensor | undefined {
  const sizes = attrs.sizes as Shape;
  const given = starts.map(splatValue);
  if (![...x!.shape, ...sizes, ...given].every((n) => typeof n === "number")) return undefined;
  const start = numbers(given).map((s, i) => Math.min(numbers(x!.shape)[i]! - numbers(sizes)[i]!, Math.max(0, s)));
  const limit = start.map((s, i) => s + numbers(sizes)[i]!);
  return node("slice", [x!], { start, limit, stride: start.map(() => 1) });
}
