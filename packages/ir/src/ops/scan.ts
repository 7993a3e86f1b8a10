import { bool, choices, dim, region } from "../attrs.ts";
import type { Batching, Jvp, Meaning } from "../beside.ts";
import { type Dim, sameDim } from "../dim.ts";
import { isFloat } from "../dtype.ts";
import { checkFunction, checkOptions, OptionError, StateError } from "../errors.ts";
import { Fn, type TraceHook, trace } from "../function.ts";
import { applyOp, opRecord } from "../op.ts";
import { alignBatch, checkTensors, convertTo, splat } from "../promote.ts";
import { valueText } from "../prose.ts";
import type { Elements, OpRecord, RegionActivity, ReverseTransforms, SplitRegion } from "../record.ts";
import { reverseTransforms } from "../regions.ts";
import { fail } from "../rule.ts";
import { integers, normal, samplesOf } from "../sample.ts";
import type { TensorType } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { add, mul } from "./arithmetic.ts";
import { dotOp } from "./dot.ts";
import { swapAxes } from "./move.ts";
import { checkOperands, checkResults, fixpoint, placed, places, regionOf, typeOf } from "./region.ts";
import { withoutDerived } from "./scan-residuals.ts";
import { sumsOverSteps } from "./scan-sums.ts";
import { tanh } from "./trigonometric.ts";

const kindNames = ["const", "carry", "xs"] as const;
/** What an operand of scan is to the body: the same at every step, handed on from step to step, or read slice by slice. */
export type ScanKind = (typeof kindNames)[number];

/**
 * A loop with a known number of steps. At step `i` the body gets the constants, the carries and slice `i` of the leading
 * axis of each of `xs`, in the order of the operands, and returns the next carries, then the values that are stacked.
 * Results: the last carries, then the stacks. In reverse, the steps go from the last slice to the first; slices and
 * stacks keep their places.
 *
 * Backward, a scan in the other direction: the forward one also stacks what the body's derivative reads, cotangents of
 * the carries are carried, and those of constants are summed in carries of their own, or, where each step adds a product,
 * by one product after the loop.
 */
export const scanOp: OpRecord = opRecord({
  name: "scan",
  version: 1,
  numeric: "accumulate",
  inputs: ["...args"],
  results: ["...results"],
  attrs: { body: region(), length: dim(), reverse: bool(false), kinds: choices(kindNames) },
  type(args, { body, length, kinds }) {
    if (kinds.length !== args.length) fail("E209", `kinds has ${kinds.length} entries for ${args.length} operands`);
    const slices = args.map((x, i): TensorType => {
      if (kinds[i] !== "xs") return x;
      if (x.shape.length === 0) fail("E206", `operand ${i} has rank 0 but is read slice by slice`);
      if (!sameDim(x.shape[0]!, length)) fail("E203", `operand ${i} has ${x.shape[0]} slices but length is ${length}`);
      return { dtype: x.dtype, shape: x.shape.slice(1) };
    });
    checkOperands("body", body.signature, slices);
    const carries = args.filter((_, i) => kinds[i] === "carry").map(typeOf);
    checkResults("body", body.signature, carries, "carry");
    const stacked = body.signature.results.slice(carries.length);
    return [...carries, ...stacked.map(({ dtype, shape }) => ({ dtype, shape: [length, ...shape] }))];
  },
  transforms: reverseTransforms,
  augment(args, attrs, ad) {
    const { half, kept } = planOf(attrs as ScanAttrs, ad);
    const { forward } = half;
    const carried = kept.carry.map((i) => forward.inputs[i]!);
    const body = new Fn(forward.name, forward.inputs, [...forward.results, ...carried]);
    const outputs = applyOp(scanOp, args, { ...attrs, body });
    const count = attrs.body.signature.results.length;
    return { results: outputs.slice(0, count), residuals: outputs.slice(count) };
  },
  vjp(args, results, cotangents, attrs, ad) {
    const { length, reverse, kinds } = attrs as ScanAttrs;
    const { half, kept, carries, consts, xs } = planOf(attrs as ScanAttrs, ad);
    const slots = places(kinds.map((kind) => kind === "carry"));
    const stacked = half.cotangents.filter((r) => r >= slots.length);
    const saved = results.slice(cotangents.length); // residuals, then the carries that the backward half reads
    const gradientOf = (i: number): Tensor => half.backward.results[half.wanted.indexOf(i)]!;
    const stacks = stacksOf(half, { kinds, kept, slots }, args, saved, cotangents);
    const ys = new Set(xs.map(gradientOf));
    const late = sumsOverSteps(consts.map(gradientOf), {
      stacked: (t) => stacks.has(t) || ys.has(t),
      constants: half.backward.inputs.slice(0, half.kept.length).filter((_, n) => kinds[half.kept[n]!] === "const"),
    });
    const summed = consts.filter((i) => !late.has(gradientOf(i)));
    const operands = [
      ...kept.const.map((i) => args[i]!),
      ...kept.xs.map((i) => args[i]!),
      ...saved,
      ...stacked.map((r) => cotangents[r]!),
      ...carries.map((i) => cotangents[slots.indexOf(i)]!),
      ...summed.map((i) => splat(0, args[i]!.shape, args[i]!.dtype)),
    ];
    const counts = [kept.const.length, kept.xs.length + saved.length + stacked.length, carries.length + summed.length];
    const kindList = (["const", "xs", "carry"] as const).flatMap((kind, i) =>
      new Array<ScanKind>(counts[i]!).fill(kind),
    );
    const slices = operands.map((t, i) => (kindList[i] === "xs" ? { dtype: t.dtype, shape: t.shape.slice(1) } : t));
    const backward = new Fn(half.backward.name, half.backward.inputs, [...half.backward.results, ...late.extra]);
    const body = regionOf(backward.name, slices, (inputs) => {
      const take = reader(inputs);
      const primal = new Map<number, Tensor>();
      for (const [i, t] of zip(kept.const, take(kept.const.length))) primal.set(i, t);
      for (const [i, t] of zip(kept.xs, take(kept.xs.length))) primal.set(i, t);
      const residuals = take(half.residuals.length);
      for (const [i, t] of zip(kept.carry, take(kept.carry.length))) primal.set(i, t);
      const dy = new Map(zip(stacked, take(stacked.length)));
      const dcarry = new Map(
        zip(
          carries.map((i) => slots.indexOf(i)),
          take(carries.length),
        ),
      );
      const sums = take(summed.length);
      const given = half.cotangents.map((r) => dy.get(r) ?? dcarry.get(r)!);
      const gradients = backward.inline([...half.kept.map((i) => primal.get(i)!), ...residuals, ...given]);
      const of = new Map(zip(half.wanted, gradients));
      return [
        ...carries.map((i) => of.get(i)!),
        ...summed.map((i, k) => add(sums[k]!, of.get(i)!)),
        ...xs.map((i) => of.get(i)!),
        ...gradients.slice(half.wanted.length),
      ];
    });
    const outputs = applyOp(scanOp, operands, { body, length, reverse: !reverse, kinds: kindList });
    const take = reader(outputs);
    const found = new Map(zip([...carries, ...summed], take(carries.length + summed.length)));
    for (const [i, dx] of zip(xs, take(xs.length))) {
      found.set(i, dx);
      stacks.set(gradientOf(i), dx);
    }
    for (const [t, stack] of zip(late.extra, take(late.extra.length))) stacks.set(t, stack);
    const sums = late.after((t) => stacks.get(t)!);
    for (const i of consts) found.set(i, sums.get(gradientOf(i)) ?? found.get(i)!);
    return args.map((_, i) => found.get(i) ?? null);
  },
});

export const scanJvp: Jvp<["...args"]> = (args, tangents, results, attrs, ad) => {
  const { body, length, reverse, kinds } = attrs as ScanAttrs;
  const slots = places(kinds.map((kind) => kind === "carry"));
  const active = activeOperands(
    attrs as ScanAttrs,
    tangents.map((t) => t !== null),
    ad,
  );
  const moving = ad.active(body, active).map((mark, r) => mark || (r < slots.length && active[slots[r]!]!));
  const pushed = ad.jvp(body, active, moving);
  const changes = places(active);
  const operands = [...args, ...changes.map((i) => tangents[i] ?? splat(0, args[i]!.shape, args[i]!.dtype))];
  const count = results.length;
  const moved = places(moving);
  const among = (from: number, to: number): number[] =>
    [...pushed.results.keys()].filter((k) => {
      const r = k < count ? k : moved[k - count]!;
      return r >= from && r < to;
    });
  const order = [...among(0, slots.length), ...among(slots.length, count)]; // carries first, with their tangents
  const outputs = applyOp(scanOp, operands, {
    body: new Fn(
      pushed.name,
      pushed.inputs,
      order.map((k) => pushed.results[k]!),
    ),
    length,
    reverse,
    kinds: [...kinds, ...changes.map((i) => kinds[i]!)],
  });
  const found = placed(order.length, order, outputs);
  return [...placed(count, moved, found.slice(count)), ...found.slice(0, count)];
};

export const scanBatching: Batching<["...args"]> = (args, batched, attrs, size, ad) => {
  const { body, length, reverse, kinds } = attrs as ScanAttrs;
  const slots = places(kinds.map((kind) => kind === "carry"));
  const marks = fixpoint(batched, (now) => {
    const outcome = ad.batch(body, size, now).batched;
    return now.map((_, i) => kinds[i] === "carry" && outcome[slots.indexOf(i)]!);
  });
  const forced = body.results.map((_, r) => r < slots.length && marks[slots[r]!]!);
  const inner = ad.batch(body, size, marks, forced);
  const operands = args.map((x, i) => {
    if (kinds[i] === "xs") return batched[i] ? swapAxes(x, 0, 1) : x;
    return marks[i] && !batched[i] ? alignBatch([x], [false], size)[0]! : x;
  });
  const outputs = applyOp(scanOp, operands, { body: inner.fn, length, reverse, kinds });
  const leading = outputs.map((y, r) => (r >= slots.length && inner.batched[r] ? swapAxes(y, 0, 1) : y));
  return alignBatch(leading, inner.batched, size);
};

export const scanMeaning: Meaning<["...args"]> = (args, { body, length, reverse, kinds }, results, call) => {
  const slots = places(kinds.map((kind: ScanKind) => kind === "carry"));
  let carries: readonly Elements[] = slots.map((i) => args[i]!);
  const stacks = results.slice(slots.length).map(({ shape }) => new Float64Array(shape.reduce((n, d) => n * d, 1)));
  for (let step = 0; step < length; step++) {
    const at = reverse ? length - 1 - step : step;
    const given = args.map((x, i) => (kinds[i] === "xs" ? sliceAt(x, at) : x));
    carries.forEach((x, i) => {
      given[slots[i]!] = x;
    });
    const out = call(body, given);
    carries = out.slice(0, slots.length);
    out.slice(slots.length).forEach(({ data }, i) => {
      stacks[i]!.set(data, at * data.length);
    });
  }
  return [...carries.map(({ data }) => data), ...stacks];
};

interface ScanAttrs {
  readonly body: Fn;
  readonly length: Dim;
  readonly reverse: boolean;
  readonly kinds: readonly ScanKind[];
}

function sliceAt({ dtype, shape, data }: Elements, at: number): Elements {
  const inner = shape.slice(1);
  const count = inner.reduce((n, d) => n * d, 1);
  return { dtype, shape: inner, data: data.subarray(at * count, (at + 1) * count) };
}

const zip = <A, B>(a: readonly A[], b: readonly B[]): [A, B][] => a.map((x, i) => [x, b[i]!]);

/** What the backward half reads of each step, and where it is stacked. */
function stacksOf(
  { backward, kept: read, residuals, cotangents: wanted }: SplitRegion,
  { kinds, kept, slots }: { kinds: readonly ScanKind[]; kept: Plan["kept"]; slots: readonly number[] },
  args: readonly Tensor[],
  saved: readonly Tensor[],
  cotangents: readonly Tensor[],
): Map<Tensor, Tensor> {
  const stacks = new Map<Tensor, Tensor>();
  const take = reader(backward.inputs);
  for (const [i, t] of zip(read, take(read.length))) {
    if (kinds[i] === "xs") stacks.set(t, args[i]!);
    if (kinds[i] === "carry") stacks.set(t, saved[residuals.length + kept.carry.indexOf(i)]!);
  }
  for (const [stack, t] of zip(saved, take(residuals.length))) stacks.set(t, stack);
  for (const [r, t] of zip(wanted, take(wanted.length))) if (r >= slots.length) stacks.set(t, cotangents[r]!);
  return stacks;
}

/** Hands out a list in portions. */
function reader(list: readonly Tensor[]): (count: number) => readonly Tensor[] {
  let at = 0;
  return (count) => list.slice(at, (at += count));
}

/** The operands whose changes reach a result: those marked, and the carries that they change. */
function activeOperands({ body, kinds }: ScanAttrs, marks: readonly boolean[], ad: RegionActivity): readonly boolean[] {
  const slots = places(kinds.map((kind) => kind === "carry"));
  return fixpoint(marks, (now) => {
    const outcome = ad.active(body, now);
    return now.map((_, i) => kinds[i] === "carry" && isFloat(body.inputs[i]!.dtype) && outcome[slots.indexOf(i)]!);
  });
}

interface Plan {
  readonly half: SplitRegion;
  /** Inputs that the backward half reads, by kind. */
  readonly kept: Readonly<Record<ScanKind, readonly number[]>>;
  /** Operands that get a cotangent, by kind. */
  readonly carries: readonly number[];
  readonly consts: readonly number[];
  readonly xs: readonly number[];
}

function planOf(attrs: ScanAttrs, ad: ReverseTransforms): Plan {
  const { body, kinds } = attrs;
  const active = activeOperands(attrs, ad.wanted, ad);
  const fixed = kinds.map((kind) => kind === "const");
  const half = withoutDerived(ad.vjp(body, active, fixed));
  const of = (list: readonly number[], kind: ScanKind): number[] => list.filter((i) => kinds[i] === kind);
  return {
    half,
    kept: { const: of(half.kept, "const"), carry: of(half.kept, "carry"), xs: of(half.kept, "xs") },
    carries: of(half.wanted, "carry"),
    consts: of(half.wanted, "const"),
    xs: of(half.wanted, "xs"),
  };
}

export interface ScanOptions {
  /** Number of steps; it may be left out where there are `xs`. */
  readonly length?: Dim;
  /** From the last slice to the first. */
  readonly reverse?: boolean;
  readonly hook?: TraceHook;
}

export interface Scanned {
  readonly carry: readonly Tensor[];
  readonly ys: readonly Tensor[];
}

/**
 * `[carry, y] = body(carry, x)` for each slice `x` of the leading axis of `xs`: the last carry, and the `y`s stacked.
 * Tensors from outside that `body` uses become constants of the loop.
 */
export function scan(
  body: (carry: Tensor[], x: Tensor[]) => readonly [carry: readonly Tensor[], ys: readonly Tensor[]],
  init: readonly Tensor[],
  xs: readonly Tensor[] = [],
  options: ScanOptions = {},
): Scanned {
  checkFunction("scan", "body", body);
  for (const [name, list] of Object.entries({ init, xs })) checkTensors("scan", name, list);
  checkOptions("scan", options, ["length", "reverse", "hook"]);
  const { length = xs[0]?.shape[0], reverse = false, hook } = options;
  if (length === undefined) {
    throw new OptionError("E802", "scan", "length is missing", { fix: "give length, or xs with a leading axis" });
  }
  const step = (...inputs: Tensor[]): readonly Tensor[] => {
    const out: unknown = body(inputs.slice(0, init.length), inputs.slice(init.length));
    return flatResults(out, init.length);
  };
  const slices = xs.map(({ dtype, shape }) => ({ dtype, shape: shape.slice(1) }));
  const { fn, captured } = trace(step, [...init, ...slices], { name: "body", ...(hook && { hook }) });
  const kinds = [init, xs, captured].flatMap((list, i) => list.map(() => (["carry", "xs", "const"] as const)[i]!));
  const results = applyOp(scanOp, [...init, ...xs, ...captured], { body: fn, length, reverse, kinds });
  return { carry: results.slice(0, init.length), ys: results.slice(init.length) };
}

/** The carry and the outputs of one step as one list. */
function flatResults(out: unknown, carries: number): readonly Tensor[] {
  const [carry, ys, ...rest]: unknown[] = Array.isArray(out) ? out : [];
  if (!Array.isArray(carry) || !Array.isArray(ys) || rest.length > 0) {
    throw new StateError("E404", "scan", `the body returns ${valueText(out)}, which is no pair of lists`, {
      fix: "return [carry, ys], two lists of tensors",
    });
  }
  if (carry.length === carries) return [...carry, ...ys];
  throw new StateError("E404", "scan", `the body returns ${carry.length} carries, not ${carries}`, {
    fix: "return as many carries as init has, in its order",
  });
}

/** h ← tanh(w·h + x), y = h·h. */
const sampleCell = (shape: readonly number[]): Fn =>
  regionOf("cell", [normal(shape), normal(shape), normal(shape)], ([w, h, x]) => {
    const next = tanh(add(mul(w!, h!), x!));
    return [next, mul(next, next)];
  });

const sampleKinds: readonly ScanKind[] = ["const", "carry", "xs"];

export const scanSamples = () =>
  samplesOf(scanOp, [
    ...[0, 1, 4].flatMap((length) =>
      [false, true].map((reverse) => ({
        operands: [normal([2]), normal([2]), normal([length, 2])],
        attrs: () => ({ body: sampleCell([2]), length, reverse, kinds: sampleKinds }),
      })),
    ),
    {
      operands: [normal([]), normal([]), normal([3])],
      attrs: () => ({ body: sampleCell([]), length: 3, kinds: sampleKinds }),
    },
    {
      // each step adds a product to the cotangent of a constant
      operands: [normal([2, 2]), normal([1, 2]), normal([3, 1, 2])],
      attrs: () => ({
        body: regionOf("layer", [normal([2, 2]), normal([1, 2]), normal([1, 2])], ([w, h, x]) => [
          tanh(add(applyOp(dotOp, [h!, w!], { contract: [[1], [0]] })[0]!, x!)),
        ]),
        length: 3,
        kinds: sampleKinds,
      }),
    },
    {
      // the carries change places, and one of them is an integer
      operands: [normal([3]), normal([]), integers([], 0, 3), normal([])],
      attrs: () => ({
        body: regionOf("swap", [normal([]), normal([]), integers([], 0, 3), normal([])], ([x, a, n, b]) => [
          mul(b!, x!),
          add(n!, n!),
          a!,
          mul(a!, convertTo(n!, "float32")),
        ]),
        length: 3,
        reverse: true,
        kinds: ["xs", "carry", "carry", "carry"],
      }),
    },
  ]);
