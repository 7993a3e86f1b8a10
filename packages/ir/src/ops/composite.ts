import type { Attrs } from "../attrs.ts";
import type { Batching } from "../beside.ts";
import { DifferentiationError, OptionError } from "../errors.ts";
import { checkResults, close, type Fn } from "../function.ts";
import { input } from "../leaf.ts";
import { applyOp } from "../op.ts";
import { splat } from "../promote.ts";
import { valueText } from "../prose.ts";
import { normal, samplesOf } from "../sample.ts";
import { withTrace } from "../scope.ts";
import { Tensor } from "../tensor.ts";
import { mul } from "./arithmetic.ts";
import { compositeOp } from "./composite-op.ts";
import { sum } from "./reduce.ts";
import { regionOf } from "./region.ts";
import { cos, sin } from "./trigonometric.ts";

export const compositeBatching: Batching<["...args"]> = (
  args,
  batched,
  { name, version, attrs, decomp, vjp },
  size,
  ad,
) => {
  const every = (list: readonly unknown[]): true[] => list.map(() => true);
  const many = ad.batch(decomp as Fn, size, batched, every(decomp.signature.results)).fn;
  const results = every(decomp.signature.results);
  const back: Fn | undefined = vjp && ad.batch(vjp as Fn, size, [...batched, ...results, ...results], every(args)).fn;
  // an operand that is the same for all examples gets the sum of their cotangents
  const summed =
    back &&
    regionOf(`${name}_vjp`, back.inputs, (inputs) =>
      back.inline(inputs).map((dx, i) => (batched[i] ? dx : sum(dx, { axis: 0 }))),
    );
  const other = { name: `${name}_batched`, version, attrs, decomp: many, ...(summed && { vjp: summed }) };
  return applyOp(compositeOp, args, other);
};

export interface CompositeOptions {
  /** `namespace.name`. */
  readonly name: string;
  readonly version: number;
  readonly attrs?: Attrs;
  /** Derivative, from operands, results and cotangents of the results to cotangents of the operands; null stands for zeros. */
  readonly vjp?: (
    args: readonly Tensor[],
    results: readonly Tensor[],
    cotangents: readonly Tensor[],
  ) => readonly (Tensor | null)[];
}

/** Records `body(...args)` as one op that any backend can run, and that a backend may know by name. */
export function composite(
  options: CompositeOptions,
  body: (...args: Tensor[]) => readonly Tensor[],
  args: readonly Tensor[],
): readonly Tensor[] {
  const { name, version, attrs = {}, vjp } = options;
  if (!/^[a-z][\w-]*(\.[a-z][\w-]*)+$/i.test(name)) {
    throw new OptionError(
      "E803",
      "composite",
      `name is ${JSON.stringify(name.slice(0, 80))}, which is not namespace.name`,
      { fix: 'use a name such as "acme.momentum"' },
    );
  }
  const [decomp, backward] = withTrace(() => {
    const inputs = args.map((x) => input(x));
    const results = checkResults(name, body(...inputs));
    return [closed(name, inputs, results), vjp && traceVjp(name, args, results, vjp)];
  });
  return applyOp(compositeOp, args, { name, version, attrs, decomp, ...(backward && { vjp: backward }) });
}

function traceVjp(
  name: string,
  args: readonly Tensor[],
  results: readonly Tensor[],
  vjp: NonNullable<CompositeOptions["vjp"]>,
): Fn {
  const [x, y, dy] = [args, results, results].map((list) => list.map((t) => input(t))) as [
    Tensor[],
    Tensor[],
    Tensor[],
  ];
  const dx: unknown = vjp(x, y, dy);
  if (!Array.isArray(dx) || dx.length !== x.length || !dx.every((t) => t === null || t instanceof Tensor)) {
    throw new DifferentiationError("E612", name, `the vjp gives ${valueText(dx)} for ${counted(x.length)}`, {
      fix: "return a list with a tensor, or null, for each operand",
    });
  }
  return closed(
    `${name} vjp`,
    [...x, ...y, ...dy],
    x.map((t, i) => (dx[i] as Tensor | null) ?? splat(0, t.shape, t.dtype)),
  );
}

const counted = (count: number): string => `${count} operand${count === 1 ? "" : "s"}`;

function closed(name: string, inputs: readonly Tensor[], results: readonly Tensor[]): Fn {
  const { fn, captured } = close("fn", inputs, results);
  if (captured.length > 0) {
    throw new OptionError("E805", name, "the body uses tensors that are none of its arguments", {
      operands: { tensor: captured[0] },
      fix: "pass them as arguments",
    });
  }
  return fn;
}

const sampleParts = () => {
  const [x, y] = [normal([3]), normal([])];
  const decomp = regionOf("scaled", [x, y], ([x, y]) => [mul(sin(x!), y!)]);
  const vjp = regionOf("scaled_vjp", [x, y, x, x], ([x, y, , dz]) => [
    mul(dz!, mul(cos(x!), y!)),
    sum(mul(dz!, sin(x!))),
  ]);
  return { name: "sample.scaled", version: 1, decomp, vjp };
};

export const compositeSamples = () =>
  samplesOf(compositeOp, [
    { operands: [normal([3]), normal([])], attrs: sampleParts },
    { operands: [normal([3]), normal([])], attrs: () => ({ ...sampleParts(), vjp: undefined }) },
  ]);
