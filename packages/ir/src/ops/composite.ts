import { type Attrs, int, openAttrs, optional, region, text } from "../attrs.ts";
import { OptionError } from "../errors.ts";
import { close, Fn } from "../function.ts";
import { input } from "../leaf.ts";
import { applyOp, opRecord } from "../op.ts";
import { fail } from "../rule.ts";
import { sameType, typeText } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

/**
 * An op that carries its own decomposition, and its derivative if it has one, so that a receiver can run and
 * differentiate it without the package that defined it. Backends that know `name@version` may claim it.
 */
export const compositeOp = opRecord({
  name: "composite",
  version: 1,
  numeric: "accumulate",
  inputs: ["...args"],
  attrs: { name: text(), version: int({ min: 1 }), attrs: openAttrs(), decomp: region(), vjp: optional(region()) },
  type(args, { decomp }) {
    const { inputs, results } = decomp.signature;
    if (inputs.length !== args.length) fail("E209", `the decomposition takes ${inputs.length} operands, not ${args.length}`);
    args.forEach((x, i) => {
      if (!sameType(x, inputs[i]!)) fail("E202", `operand ${i} is ${typeText(x)} but the decomposition takes ${typeText(inputs[i]!)}`);
    });
    return [...results];
  },
  decompose: (args, { decomp }) => (decomp as unknown as Fn).inline(args),
});

export interface CompositeOptions {
  /** `namespace.name`. */
  readonly name: string;
  readonly version: number;
  readonly attrs?: Attrs;
  /** Derivative, from operands, results and cotangents of the results to cotangents of the operands. */
  readonly vjp?: (args: readonly Tensor[], results: readonly Tensor[], cotangents: readonly Tensor[]) => readonly Tensor[];
}

/** Records `body(...args)` as one op that any backend can run, and that a backend may know by name. */
export function composite(options: CompositeOptions, body: (...args: Tensor[]) => readonly Tensor[], args: readonly Tensor[]): readonly Tensor[] {
  const { name, version, attrs = {}, vjp } = options;
  if (!/^[a-z][\w-]*(\.[a-z][\w-]*)+$/i.test(name)) {
    throw new OptionError("E803", "composite", `name is ${JSON.stringify(name.slice(0, 80))}, which is not namespace.name`, { fix: 'use a name such as "acme.momentum"' });
  }
  const inputs = args.map((x) => input(x));
  const results = body(...inputs);
  const decomp = closed(name, inputs, results);
  const backward = vjp && traceVjp(name, args, results, vjp);
  return applyOp(compositeOp, args, { name, version, attrs, decomp, ...(backward && { vjp: backward }) });
}

function traceVjp(name: string, args: readonly Tensor[], results: readonly Tensor[], vjp: NonNullable<CompositeOptions["vjp"]>): Fn {
  const [x, y, dy] = [args, results, results].map((list) => list.map((t) => input(t))) as [Tensor[], Tensor[], Tensor[]];
  return closed(`${name} vjp`, [...x, ...y, ...dy], vjp(x, y, dy));
}

function closed(name: string, inputs: readonly Tensor[], results: readonly Tensor[]): Fn {
  const { fn, captured } = close("fn", inputs, results);
  if (captured.length > 0) {
    throw new OptionError("E805", name, "the body uses tensors that are none of its arguments", { operands: { tensor: captured[0] }, fix: "pass them as arguments" });
  }
  return fn;
}
