import { type Dim, isFloat, sameShape } from "@tenon/ir";
import { rare } from "../parts.ts";
import { type AlgebraRule, node, rule, under } from "./algebra-rule.ts";

export const numbers = (value: unknown): readonly number[] => value as readonly number[];
const isUnit = (d: Dim): boolean => d === 1;

/**
 * Identities of ops that move elements about, and of reductions of nothing; exact, since no element is computed. What is
 * moved several times is read through one view anyhow.
 */
export const moveRules: readonly AlgebraRule[] = [
  // nothing is as large as before that has not everything in its place
  ...["reshape", "broadcast", "slice", "dynamic_slice", "pad"].map((op) =>
    rule(`${op} to its own shape`, op, ([x], { outputs }) => (sameShape(x.shape, outputs[0]!.shape) ? x : undefined)),
  ),
  rule("transpose in order", "transpose", ([x], { attrs }) =>
    numbers(attrs.perm).every((p, i) => p === i) ? x : undefined,
  ),
  rule("transpose of a transpose", "transpose", ([x], { attrs }) => {
    const inner = under("transpose", x);
    return inner && node("transpose", [inner], { perm: numbers(attrs.perm).map((p) => numbers(x.attrs.perm)[p]!) });
  }),
  rule("reshape of a reshape", "reshape", ([x], { outputs }) => {
    const inner = under("reshape", x);
    return inner && node("reshape", [inner], { shape: outputs[0]!.shape });
  }),
  rule("dynamic_slice at constants", "dynamic_slice", (_operands, node) => rare.now.constantSlice(node)),
  rule("fold of windows side by side", "fold", (_operands, node) => rare.now.foldApart(node)),
  // a float's sum begins at +0, which −0 alone would not give
  rule("reduce over axes of size 1", "reduce", ([x], { attrs, outputs }) => {
    if (!numbers(attrs.axes).every((axis) => isUnit(x.shape[axis]!))) return undefined;
    return attrs.op === "sum" && isFloat(x.dtype) ? undefined : node("reshape", [x], { shape: outputs[0]!.shape });
  }),
];
