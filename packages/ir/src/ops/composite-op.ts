import { type Attrs, int, openAttrs, optional, region, text } from "../attrs.ts";
import type { Fn } from "../function.ts";
import { opRecord } from "../op.ts";
import type { OpRecord } from "../record.ts";
import { fail } from "../rule.ts";
import { sameType, typeText } from "../shape.ts";

/**
 * An op that carries its own decomposition, and its derivative if it has one, so that a receiver can run and
 * differentiate it without the package that defined it. Backends that know `name@version` may claim it.
 */
export const compositeOp: OpRecord = opRecord({
  name: "composite",
  version: 1,
  numeric: "accumulate",
  inputs: ["...args"],
  attrs: { name: text(), version: int({ min: 1 }), attrs: openAttrs(), decomp: region(), vjp: optional(region()) },
  type(args, { decomp }) {
    const { inputs, results } = decomp.signature;
    if (inputs.length !== args.length)
      fail("E209", `the decomposition takes ${inputs.length} operands, not ${args.length}`);
    args.forEach((x, i) => {
      if (!sameType(x, inputs[i]!))
        fail("E202", `operand ${i} is ${typeText(x)} but the decomposition takes ${typeText(inputs[i]!)}`);
    });
    return [...results];
  },
  decompose: (args, { decomp }) => (decomp as Fn).inline(args),
  row({ attrs: given }, builder) {
    const { name, version, attrs, decomp, vjp } = given as unknown as Given;
    const short = name.replaceAll(/\W/g, "_");
    const functions = { decomp: builder.add(decomp, short), ...(vjp && { vjp: builder.add(vjp, `${short}_vjp`) }) };
    return { op: name, version, attrs, ...functions };
  },
});

interface Given {
  readonly name: string;
  readonly version: number;
  readonly attrs: Attrs;
  readonly decomp: Fn;
  readonly vjp?: Fn;
}
