import { int, optional, region } from "../attrs.ts";
import type { Batching, Jvp, Meaning } from "../beside.ts";
import { isFloat } from "../dtype.ts";
import { checkFunction, checkOptions, DifferentiationError, StateError } from "../errors.ts";
import { type Fn, type TraceHook, trace } from "../function.ts";
import { applyOp, opRecord } from "../op.ts";
import { alignBatch, checkTensors, convertTo, splat } from "../promote.ts";
import { valueText } from "../prose.ts";
import type { OpRecord } from "../record.ts";
import { reverseTransforms } from "../regions.ts";
import { currentPlace, fail } from "../rule.ts";
import { normal, samplesOf, values } from "../sample.ts";
import { Tensor } from "../tensor.ts";
import { add, mul } from "./arithmetic.ts";
import { not } from "./bits.ts";
import { less, select } from "./compare.ts";
import { alongLead, condOp } from "./cond.ts";
import { any } from "./reduce.ts";
import { checkOperands, checkResults, closedOver, fixpoint, placed, places, regionOf } from "./region.ts";
import { scanOp } from "./scan.ts";

/**
 * Repeats `body` while `cond` holds, at most `max_trip` times. The first `consts` operands are handed to both unchanged;
 * the others are the carries, which `body` renews and whose types stay. Both take all operands.
 *
 * It has a derivative only with `max_trip`: then it is a scan of that many steps, each guarded by `cond`.
 */
export const whileOp: OpRecord = opRecord({
  name: "while",
  version: 1,
  numeric: "accumulate",
  inputs: ["...args"],
  results: ["...results"],
  attrs: { cond: region(), body: region(), consts: int({ min: 0, fallback: 0 }), max_trip: optional(int({ min: 0 })) },
  type(args, { cond, body, consts }) {
    if (consts > args.length) fail("E209", `consts is ${consts} but there are ${args.length} operands`);
    checkOperands("cond", cond.signature, args);
    checkOperands("body", body.signature, args);
    checkResults("cond", cond.signature, [{ dtype: "bool", shape: [] }]);
    const carries = args.slice(consts).map(({ dtype, shape }) => ({ dtype, shape }));
    checkResults("body", body.signature, carries, "carry");
    return carries;
  },
  needs: ({ max_trip }) => (max_trip === undefined ? "unbounded-while" : undefined),
  transforms: reverseTransforms,
  augment(args, attrs) {
    const { cond, body, consts, max_trip: length } = attrs as unknown as WhileAttrs;
    if (length === undefined) {
      throw new DifferentiationError("E608", "while", "a loop without a bound on its trips has no reverse mode", {
        at: currentPlace(),
        fix: "give maxTrip, or use scan",
      });
    }
    const unchanged = regionOf("unchanged", args, (inputs) => inputs.slice(consts));
    const step = regionOf("guarded", args, (inputs) => {
      const done = not(cond.inline(inputs)[0]!);
      return applyOp(condOp, [convertTo(done, "int32"), ...inputs], { fns: [body, unchanged] });
    });
    const kinds = args.map((_, i) => (i < consts ? "const" : "carry"));
    return { results: applyOp(scanOp, args, { body: step, length, kinds }), residuals: [] };
  },
});

export const whileJvp: Jvp<["...args"]> = (args, tangents, results, attrs, ad) => {
  const { cond, body, consts, max_trip } = attrs as unknown as WhileAttrs;
  const active = fixpoint(
    tangents.map((t) => t !== null),
    (now) => {
      const outcome = ad.active(body, now);
      return now.map((_, i) => i >= consts && isFloat(args[i]!.dtype) && outcome[i - consts]!);
    },
  );
  const pushed = ad.jvp(body, active, active.slice(consts));
  const changes = places(active);
  const change = changes.map((i) => tangents[i] ?? splat(0, args[i]!.shape, args[i]!.dtype));
  const fixedChanges = changes.filter((i) => i < consts).length;
  // operands: constants, their tangents, carries, their tangents
  const arranged = <T>(primal: readonly T[], tangent: readonly T[]): T[] => [
    ...primal.slice(0, consts),
    ...tangent.slice(0, fixedChanges),
    ...primal.slice(consts),
    ...tangent.slice(fixedChanges),
  ];
  const operands = arranged(args, change);
  const back = arranged(
    [...args.keys()],
    changes.map((_, k) => args.length + k),
  ); // place of each operand before
  const plain = (inputs: readonly Tensor[]): Tensor[] => placed(inputs.length, back, inputs) as Tensor[];
  const outputs = applyOp(whileOp, operands, {
    cond: regionOf(cond.name, operands, (inputs) => cond.inline(plain(inputs).slice(0, args.length))),
    body: regionOf(pushed.name, operands, (inputs) => pushed.inline(plain(inputs))),
    consts: consts + fixedChanges,
    ...(max_trip !== undefined && { max_trip }),
  });
  const count = results.length;
  return [...placed(count, places(active.slice(consts)), outputs.slice(count)), ...outputs.slice(0, count)];
};

export const whileBatching: Batching<["...args"]> = (args, batched, attrs, size, ad) => {
  const { cond, body, consts, max_trip } = attrs as unknown as WhileAttrs;
  const marks = fixpoint(batched, (now) => {
    const outcome = ad.batch(body, size, now).batched;
    const apart = ad.batch(cond, size, now).batched[0]!; // examples stop at different trips
    return now.map((_, i) => i >= consts && (apart || outcome[i - consts]!));
  });
  const condition = ad.batch(cond, size, marks);
  const inner = ad.batch(body, size, marks, marks.slice(consts));
  const apart = condition.batched[0]!;
  const operands = args.map((x, i) => (marks[i] && !batched[i] ? alignBatch([x], [false], size)[0]! : x));
  const outputs = applyOp(whileOp, operands, {
    cond: apart ? regionOf("any", operands, (inputs) => [any(condition.fn.inline(inputs)[0]!)]) : condition.fn,
    body: apart
      ? regionOf(inner.fn.name, operands, (inputs) => {
          const goesOn = condition.fn.inline(inputs)[0]!;
          const next = inner.fn.inline(inputs);
          return next.map((y, i) => select(alongLead(goesOn, y), y, inputs[consts + i]!));
        })
      : inner.fn,
    consts,
    ...(max_trip !== undefined && { max_trip }),
  });
  return alignBatch(outputs, marks.slice(consts), size);
};

export const whileMeaning: Meaning<["...args"]> = (
  args,
  { cond, body, consts, max_trip = Infinity },
  _results,
  call,
) => {
  const fixed = args.slice(0, consts);
  let carries = args.slice(consts);
  for (let trip = 0; trip < max_trip && call(cond, [...fixed, ...carries])[0]!.data[0] !== 0; trip++) {
    carries = [...call(body, [...fixed, ...carries])];
  }
  return carries.map(({ data }) => data);
};

interface WhileAttrs {
  readonly cond: Fn;
  readonly body: Fn;
  readonly consts: number;
  readonly max_trip?: number;
}

export interface WhileOptions {
  /** Upper bound on the number of trips. Without it the loop has no reverse mode. */
  readonly maxTrip?: number;
  readonly hook?: TraceHook;
}

/** `carry = body(carry)` while `condition(carry)`, one bool, holds. Tensors from outside become constants of the loop. */
export function whileLoop(
  condition: (carry: Tensor[]) => Tensor,
  body: (carry: Tensor[]) => readonly Tensor[],
  init: readonly Tensor[],
  options: WhileOptions = {},
): readonly Tensor[] {
  checkFunction("whileLoop", "condition", condition);
  checkFunction("whileLoop", "body", body);
  checkTensors("whileLoop", "init", init);
  checkOptions("whileLoop", options, ["maxTrip", "hook"]);
  const { maxTrip, hook } = options;
  const hooked = hook && { hook };
  const cond = trace((...carry) => [truthOf(condition(carry))], init, { name: "cond", ...hooked });
  const next = trace((...carry) => body(carry), init, { name: "body", ...hooked });
  const { fns, captured } = closedOver([cond, next], init.length);
  return applyOp(whileOp, [...captured, ...init], {
    cond: fns[0],
    body: fns[1],
    consts: captured.length,
    ...(maxTrip !== undefined && { max_trip: maxTrip }),
  });
}

function truthOf(holds: unknown): Tensor {
  if (holds instanceof Tensor) return holds;
  throw new StateError("E404", "whileLoop", `the condition returns ${valueText(holds)}, which is no tensor`, {
    fix: "return one bool, for example carry[0].less(5)",
  });
}

/** y ← y·x, at most n times; nothing but `max_trip` and the counter ends it. */
const sampleLoop = (shape: readonly number[], max_trip?: number) => (): object => {
  const types = [normal(shape), values([0], [], "int32"), normal(shape)];
  return {
    cond: regionOf("few", types, ([, n]) => [less(n!, 3)]),
    body: regionOf("power", types, ([x, n, y]) => [add(n!, 1), mul(y!, x!)]),
    consts: 1,
    ...(max_trip !== undefined && { max_trip }),
  };
};

export const whileSamples = () =>
  samplesOf(whileOp, [
    ...[0, 2, 3, 5].map((max_trip) => ({
      operands: [normal([2]), values([0], [], "int32"), normal([2])],
      attrs: sampleLoop([2], max_trip),
    })),
    { operands: [normal([]), values([4], [], "int32"), normal([])], attrs: sampleLoop([], 2) },
    { operands: [normal([2]), values([0], [], "int32"), normal([2])], attrs: sampleLoop([2]), differentiable: false },
  ]);
