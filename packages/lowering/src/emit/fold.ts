import type { Node } from "@tenon/ir";
import { floorDiv, modIndex } from "../index-division.ts";
import { indexOfDim, multiplyIndex, subtractIndex } from "../index-expression.ts";
import { and, atMost, equalIndex, lessThan } from "../index-predicate.ts";
import { valueTypeOf } from "../kernel/value-type.ts";
import { wrapped } from "./convert.ts";
import type { Reduction } from "./reduction.ts";

/** `y[…, i, …] = Σ_k w[…, o, …, k]` where `i = stride·o + dilation·k`. */
export function foldReduction({ inputs, attrs, outputs }: Node): Reduction {
  const w = inputs[0]!;
  const { axes, stride, dilation } = attrs as unknown as Record<"axes" | "stride" | "dilation", readonly number[]>;
  const { rank } = outputs[0]!;
  const type = valueTypeOf(w.dtype);
  return {
    combine: "add",
    type,
    sizes: w.shape.slice(rank).map(indexOfDim),
    term(emitter, index, inner) {
      const conditions = [];
      const at = [...index];
      for (const [n, axis] of axes.entries()) {
        const first = subtractIndex(index[axis]!, multiplyIndex(inner[n]!, dilation[n]!));
        const place = floorDiv(first, stride[n]!);
        conditions.push(atMost(0, first), equalIndex(modIndex(first, stride[n]!), 0));
        conditions.push(lessThan(place, indexOfDim(w.shape[axis]!)));
        at[axis] = place;
      }
      const { writer } = emitter;
      const mask = and(...conditions);
      const value = emitter.value(w, emitter.place([...at, ...inner], mask));
      return writer.alu("select", [writer.test(mask), value, writer.constant(type, 0)]);
    },
    result: (writer, gathered) => wrapped(writer, w.dtype, gathered),
  };
}
