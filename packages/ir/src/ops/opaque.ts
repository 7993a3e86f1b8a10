import { type Attrs, int, openAttrs, optional, region, text, types } from "../attrs.ts";
import { OptionError } from "../errors.ts";
import type { Fn } from "../function.ts";
import { applyOp, opRecord } from "../op.ts";
import { fail } from "../rule.ts";
import { sameType, type TensorType, typeText } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

/**
 * A computation that only one target knows, by the name it has there. A module that holds one is not portable: every
 * other backend refuses it. With `vjp`, a function from operands, results and cotangents of the results to cotangents
 * of the operands, it can be differentiated.
 */
export const opaqueOp = opRecord({
  name: "opaque",
  version: 1,
  numeric: "accumulate",
  inputs: ["...args"],
  results: ["...results"],
  attrs: { target: text(), version: int({ min: 1 }), attrs: openAttrs(), types: types(), vjp: optional(region()) },
  type(args, { types, vjp }) {
    if (vjp !== undefined) checkVjp(args, types, vjp.signature.inputs, vjp.signature.results);
    return types;
  },
  needs: ({ target }) => target,
  notDifferentiable: "an opaque op has a derivative only if it is given a vjp",
});

function checkVjp(
  args: readonly TensorType[],
  types: readonly TensorType[],
  inputs: readonly TensorType[],
  results: readonly TensorType[],
): void {
  const expected = [...args, ...types, ...types];
  if (inputs.length !== expected.length)
    fail(
      "E209",
      `the vjp takes ${inputs.length} operands, not ${expected.length}`,
      "it takes the operands, the results and a cotangent per result",
    );
  expected.forEach((type, i) => {
    if (!sameType(type, inputs[i]!))
      fail("E202", `operand ${i} of the vjp is ${typeText(inputs[i]!)}, not ${typeText(type)}`);
  });
  if (results.length !== args.length)
    fail("E209", `the vjp has ${results.length} results, not ${args.length}`, "it returns a cotangent per operand");
  args.forEach((type, i) => {
    if (!sameType(type, results[i]!))
      fail("E202", `result ${i} of the vjp is ${typeText(results[i]!)}, not ${typeText(type)}`);
  });
}

export interface OpaqueOptions {
  /** `backend.name`. */
  readonly target: string;
  readonly version: number;
  readonly types: readonly TensorType[];
  readonly attrs?: Attrs;
  readonly vjp?: Fn;
}

/** Records a computation that only the named target knows. */
export function opaque(options: OpaqueOptions, args: readonly Tensor[]): readonly Tensor[] {
  const { target } = options;
  if (typeof target !== "string" || !/^[a-z][\w-]*(\.[a-z][\w-]*)+$/i.test(target)) {
    throw new OptionError(
      "E803",
      "opaque",
      `target is ${JSON.stringify(target)?.slice(0, 80)}, which is not backend.name`,
      { fix: 'use a name such as "cuda-native.topk"' },
    );
  }
  return applyOp(opaqueOp, args, options);
}
