import { regions } from "../attrs.ts";
import type { Batching, Jvp, Meaning } from "../beside.ts";
import { checkFunction, checkOptions, DTypeError } from "../errors.ts";
import { Fn, type TraceHook, trace } from "../function.ts";
import { applyOp, opRecord } from "../op.ts";
import { convertTo, splat, toTensor } from "../promote.ts";
import { valueText } from "../prose.ts";
import type { Operand, OpRecord, ReverseTransforms, SplitRegion } from "../record.ts";
import { reverseTransforms } from "../regions.ts";
import { currentPlace, fail, failDType } from "../rule.ts";
import { integers, normal, samplesOf, values } from "../sample.ts";
import { type TensorType, typeText } from "../shape.ts";
import { Tensor } from "../tensor.ts";
import { mul } from "./arithmetic.ts";
import { not } from "./bits.ts";
import { lessEqual, select } from "./compare.ts";
import { broadcastOp } from "./move.ts";
import { checkOperands, checkResults, closedOver, placed, places, regionOf } from "./region.ts";
import { sin } from "./trigonometric.ts";

/** One of several functions of the same signature, chosen by `index`, which is clamped to them. Only that one runs. */
export const condOp: OpRecord = opRecord({
  name: "cond",
  version: 1,
  numeric: "accumulate",
  inputs: ["index", "...args"],
  results: ["...results"],
  attrs: { fns: regions() },
  type([index, ...args], { fns }) {
    if (index.dtype !== "int32") failDType(`index is ${index.dtype} where int32 is wanted`, "cast it");
    if (index.shape.length > 0) fail("E206", `index has rank ${index.shape.length} where one number is wanted`);
    const [first, ...others] = fns;
    if (first === undefined || others.length === 0)
      fail("E209", `${fns.length} function${fns.length === 1 ? "" : "s"} given, at least 2 wanted`);
    const { results } = first!.signature;
    fns.forEach((fn, i) => {
      checkOperands(`branch ${i}`, fn.signature, args);
      checkResults(`branch ${i}`, fn.signature, results);
      if (fn.signature.results.length > results.length) {
        fail("E209", `branch ${i} has ${fn.signature.results.length} results where branch 0 has ${results.length}`);
      }
    });
    return results;
  },
  transforms: reverseTransforms,
  augment(args, { fns }, ad) {
    const plan = planOf(fns as readonly Fn[], ad);
    const outputs = applyOp(condOp, args, { fns: plan.halves.map((half) => forwardBranch(half, plan)) });
    const count = fns[0]!.signature.results.length;
    return { results: outputs.slice(0, count), residuals: outputs.slice(count) };
  },
  vjp([index, ...args], results, cotangents, { fns }, ad) {
    const plan = planOf(fns as readonly Fn[], ad);
    const slots = results.slice(cotangents.length);
    const operands = [...plan.kept.map((i) => args[i]!), ...slots, ...plan.cotangents.map((i) => cotangents[i]!)];
    const backward = plan.halves.map((half) => backwardBranch(half, plan, operands));
    return [null, ...placed(args.length, plan.wanted, applyOp(condOp, [index, ...operands], { fns: backward }))];
  },
});

export const condJvp: Jvp<["index", "...args"]> = ([index, ...args], [, ...tangents], results, attrs, ad) => {
  const fns = attrs.fns as readonly Fn[];
  const active = tangents.map((t) => t !== null);
  const moving = union(fns.map((fn) => ad.active(fn, active)));
  const pushed = fns.map((fn) => ad.jvp(fn, active, moving));
  const outputs = applyOp(condOp, [index, ...args, ...tangents.filter((t) => t !== null)], { fns: pushed });
  const count = results.length;
  return [...placed(count, places(moving), outputs.slice(count)), ...outputs.slice(0, count)];
};

export const condBatching: Batching<["index", "...args"]> = (
  [index, ...args],
  [varies, ...batched],
  attrs,
  size,
  ad,
) => {
  const fns = attrs.fns as readonly Fn[];
  const all = fns[0]!.results.map(() => true);
  const inner = fns.map((fn) => ad.batch(fn, size, batched, all).fn);
  if (!varies) return applyOp(condOp, [index, ...args], { fns: inner });
  const outcomes = inner.map((fn) => fn.inline(args)); // every example has its own branch: all of them run
  return outcomes.reduceRight((later, own, i) =>
    own.map((y, j) => select(alongLead(lessEqual(index, i), y), y, later[j]!)),
  );
};

export const condMeaning: Meaning<["index", "...args"]> = ([index, ...args], { fns }, _results, call) => {
  const chosen = Math.min(fns.length - 1, Math.max(0, index.data[0]!));
  return call(fns[chosen], args).map(({ data }) => data);
};

/** A value per example, repeated to the shape of `y`. */
export const alongLead = (x: Tensor, y: Tensor): Tensor =>
  y.shape.length === 1 ? x : applyOp(broadcastOp, [x], { shape: y.shape, dims: [0] })[0]!;

const union = (lists: readonly (readonly boolean[])[]): boolean[] =>
  lists[0]!.map((_, i) => lists.some((marks) => marks[i]));

/** What the branches' halves have in common: each residual has a slot, which branches share where types allow it. */
interface Plan {
  readonly halves: readonly SplitRegion[];
  readonly slots: readonly TensorType[];
  readonly kept: readonly number[];
  readonly cotangents: readonly number[];
  readonly wanted: readonly number[];
}

function planOf(fns: readonly Fn[], ad: ReverseTransforms): Plan {
  const halves = fns.map((fn) => ad.vjp(fn, ad.wanted.slice(1)));
  const slots: TensorType[] = [];
  for (const { residuals } of halves) {
    const taken = slotsFor(residuals, slots);
    residuals.forEach((type, i) => {
      if (taken[i] === undefined) slots.push(type);
    });
  }
  const all = (list: (half: SplitRegion) => readonly number[]): number[] =>
    [...new Set(halves.flatMap(list))].sort((a, b) => a - b);
  return { halves, slots, kept: all((h) => h.kept), cotangents: all((h) => h.cotangents), wanted: halves[0]!.wanted };
}

/** For each residual the first free slot of its type, if there is one. */
function slotsFor(residuals: readonly TensorType[], slots: readonly TensorType[]): (number | undefined)[] {
  const free = new Map<string, number[]>();
  slots.forEach((type, i) => {
    const key = typeText(type);
    free.set(key, [...(free.get(key) ?? []), i]);
  });
  return residuals.map((type) => free.get(typeText(type))?.shift());
}

function forwardBranch({ forward, residuals }: SplitRegion, { slots }: Plan): Fn {
  const count = forward.results.length - residuals.length;
  const own = new Map(slotsFor(residuals, slots).map((slot, i) => [slot, forward.results[count + i]!]));
  const filled = slots.map(({ dtype, shape }, i) => own.get(i) ?? splat(0, shape, dtype));
  return new Fn(forward.name, forward.inputs, [...forward.results.slice(0, count), ...filled]);
}

function backwardBranch(half: SplitRegion, plan: Plan, operands: readonly Tensor[]): Fn {
  return regionOf(half.backward.name, operands, (inputs) => {
    const kept = half.kept.map((i) => inputs[plan.kept.indexOf(i)]!);
    const residuals = slotsFor(half.residuals, plan.slots).map((slot) => inputs[plan.kept.length + slot!]!);
    const first = plan.kept.length + plan.slots.length;
    const cotangents = half.cotangents.map((i) => inputs[first + plan.cotangents.indexOf(i)]!);
    return half.backward.inline([...kept, ...residuals, ...cotangents]);
  });
}

/** What a branch computes, from tensors of the graph around it. */
export type Branch = () => readonly Tensor[];

export interface CondOptions {
  readonly hook?: TraceHook;
}

/** `whenTrue()` where the predicate, one bool, holds, else `whenFalse()`. Both are traced, one runs. */
export function cond(
  predicate: Tensor | boolean,
  whenTrue: Branch,
  whenFalse: Branch,
  options?: CondOptions,
): readonly Tensor[];
/** `branches[index]()`, where `index` is one int32, clamped to the branches. All are traced, one runs. */
export function cond(index: Tensor | number, branches: readonly Branch[], options?: CondOptions): readonly Tensor[];
export function cond(
  selector: Tensor | number | boolean,
  first: Branch | readonly Branch[],
  second?: Branch | CondOptions,
  third?: CondOptions,
): readonly Tensor[] {
  const decided = !Array.isArray(first);
  const branches = decided ? [first as Branch, second as Branch] : (first as readonly Branch[]);
  branches.forEach((branch, i) => {
    checkFunction("cond", decided ? ["whenTrue", "whenFalse"][i]! : `branch ${i}`, branch);
  });
  const options = (decided ? third : (second as CondOptions)) ?? {};
  checkOptions("cond", options, ["hook"]);
  const { hook } = options;
  const index = decided
    ? convertTo(not(predicateOf(selector)), "int32")
    : selector instanceof Tensor
      ? selector
      : toTensor("cond", selector, "int32");
  const traced = branches.map((branch, i) =>
    trace(branch, [], { name: `branch_${i}`, inside: true, ...(hook && { hook }) }),
  );
  const { fns, captured } = closedOver(traced, 0);
  return applyOp(condOp, [index, ...captured], { fns });
}

/** One bool; a number would be taken for an index by one reader and for its truth by another. */
function predicateOf(selector: Operand): Tensor {
  if (typeof selector === "boolean") return splat(selector, [], "bool");
  if (selector instanceof Tensor && selector.dtype === "bool") return selector;
  throw new DTypeError("E201", "cond", `the predicate is ${valueText(selector)} where one bool is wanted`, {
    at: currentPlace(),
    fix: "compare it, for example x.greater(0), or choose by an int32 from a list of branches",
  });
}

const sampleBranches = (shape: readonly number[]) => (): object => {
  const types = [normal(shape), normal(shape)];
  const fns = [
    regionOf("product", types, ([x, y]) => [mul(x!, y!), sin(y!)]),
    regionOf("swapped", types, ([x, y]) => [y!, x!]),
    regionOf("constant", types, ([x, y]) => [splat(2, x!.shape, x!.dtype), mul(y!, sin(y!))]),
  ];
  return { fns };
};

export const condSamples = () =>
  samplesOf(condOp, [
    ...[-1, 0, 1, 2, 5].map((index) => ({
      operands: [values([index], [], "int32"), normal([3]), normal([3])],
      attrs: sampleBranches([3]),
    })),
    { operands: [integers([], 0, 2), normal([]), normal([])], attrs: sampleBranches([]) },
    { operands: [integers([], 0, 2), normal([0]), normal([0])], attrs: sampleBranches([0]) },
  ]);
