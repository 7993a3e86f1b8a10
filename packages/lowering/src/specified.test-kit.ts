import { applyOp, equal, isFloat, notEqual, select, type Tensor } from "@tenon/ir";
import type { Rule } from "./passes/pass.ts";
import { rewrite } from "./passes/rewrite.ts";
import { printable, type RandomGraph } from "./random-graph.test-kit.ts";

/**
 * The graph without what each backend may answer as it likes: no integer is divided by 0 (`ir.md` 1.2), and no bits are taken
 * of a NaN, whose sign and payload are the processor's.
 */
export function specified({ fn, args }: RandomGraph): RandomGraph {
  const safe = new WeakSet<Tensor>();
  const where = (condition: Tensor, x: Tensor, other: number): Tensor => {
    const y = select(condition, x, other);
    safe.add(y);
    return y;
  };
  const rule: Rule = ({ op, inputs, attrs }) => {
    const [x, y] = inputs as readonly [Tensor, Tensor];
    if ((op.name === "div" || op.name === "rem") && !isFloat(x.dtype) && !safe.has(y))
      return applyOp(op, [x, where(notEqual(y, 0), y, 1)], attrs);
    if (op.name === "bitcast" && isFloat(x.dtype) && !safe.has(x))
      return applyOp(op, [where(equal(x, x), x, 0)], attrs);
    return undefined;
  };
  return printable({ fn: rewrite(fn, () => rule), args });
}
