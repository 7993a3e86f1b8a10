import { evaluateFn } from "@tenon/interpreter";
import {
  add,
  applyOp,
  barrier,
  barrierOp,
  call,
  cond,
  condOp,
  Fn,
  input,
  isLeaf,
  mul,
  type Node,
  scanOp,
  sin,
  splat,
  sub,
  type Tensor,
  topologicalOrder,
  trace,
  whileOp,
} from "@tenon/ir";
import { expect, test } from "vitest";
import { loadParts } from "../parts.ts";
import { inlineCalls } from "./inline.ts";
import { mergeCommon } from "./merge.ts";
import type { Pass } from "./pass.ts";
import { rewrite } from "./rewrite.ts";
import { dropUnused } from "./unused.ts";

await loadParts();

const x2 = { dtype: "float32", shape: [2] } as const;
const apply = (pass: Pass, fn: Fn): Fn => rewrite(fn, pass.start);
const nodes = (fn: Fn): readonly Node[] => topologicalOrder(fn.results).filter((n) => !isLeaf(n));
const names = (fn: Fn): readonly string[] => nodes(fn).map(({ op }) => op.name);
const values = (fn: Fn, ...args: readonly (readonly number[])[]) =>
  evaluateFn(
    fn,
    args.map((data, i) => ({
      dtype: fn.inputs[i]!.dtype,
      shape: fn.inputs[i]!.shape as readonly number[],
      data: Float64Array.from(data),
    })),
  ).map(({ data }) => [...data]);

test("equal nodes become one, commutative ones in either order", () => {
  const { fn } = trace((x, y) => [add(sin(x!), y!), add(y!, sin(x!)), sub(x!, y!), sub(y!, x!)], [x2, x2]);
  const merged = apply(mergeCommon, fn);
  expect(names(merged)).toEqual(["sin", "add", "sub", "sub"]);
  expect(merged.results[0]).toBe(merged.results[1]);
});

test("attributes, types and the sign of a zero keep nodes apart", () => {
  const { fn } = trace(
    (x) => [
      x!.sum({ axis: 0 }),
      x!.max({ axis: 0 }),
      splat(0, [2], "float32"),
      splat(-0, [2], "float32"),
      splat(0, [2], "int32"),
      splat(0, [3], "float32"),
    ],
    [x2],
  );
  expect(apply(mergeCommon, fn)).toBe(fn);
});

test("two results of one node are two", () => {
  const { fn } = trace((x, y) => barrier(x!, y!).map((t) => sin(t)), [x2, x2]);
  expect(apply(mergeCommon, fn)).toBe(fn);
});

test("barriers are not merged, nor what stands behind them", () => {
  const { fn } = trace((x) => [sin(barrier(x!)[0]!), sin(barrier(x!)[0]!), sin(x!)], [x2]);
  expect(apply(mergeCommon, fn)).toBe(fn);
});

test("a call becomes the body of its function, at every site", () => {
  const inner = trace((x) => [mul(x!, x!)], [x2]).fn;
  const { fn } = trace((x) => call(inner, call(inner, [x!])), [x2]);
  expect(names(apply(inlineCalls, fn))).toEqual(["mul", "mul"]);
});

test("a call that is to be computed again goes behind a barrier, so that nothing merges with it", () => {
  const inner = trace((x) => [sin(x!)], [x2]).fn;
  const { fn } = trace((x) => [sin(x!), ...call(inner, [x!], { recompute: true })], [x2]);
  const inlined = apply(mergeCommon, apply(inlineCalls, fn));
  expect(names(inlined)).toEqual(["sin", barrierOp.name, "sin"]);
});

test("a cond whose index is known becomes the branch, whose index is clamped", () => {
  const fns = [trace((x) => [sin(x!)], [x2]).fn, trace((x) => [add(x!, x!)], [x2]).fn];
  const at = (index: number): Fn => trace((x) => applyOp(condOp, [splat(index, [], "int32"), x!], { fns }), [x2]).fn;
  expect(names(apply(inlineCalls, at(-3)))).toEqual(["sin"]);
  expect(names(apply(inlineCalls, at(9)))).toEqual(["add"]);
});

test("a cond whose index is not known stays", () => {
  const { fn } = trace((i, x) => cond(i!, [() => [sin(x!)], () => [add(x!, x!)]]), [{ dtype: "int32", shape: [] }, x2]);
  expect(apply(inlineCalls, fn)).toBe(fn);
});

/** A scan over `x` with carries a and b, a constant that is not read, and two stacks; `body` says what is computed. */
function scanned(choose: (results: readonly Tensor[]) => readonly Tensor[]): Fn {
  const row = { dtype: "float32", shape: [] } as const;
  const inputs = [row, row, row, row].map((type) => input(type));
  const [a, b, x, k] = inputs as [Tensor, Tensor, Tensor, Tensor];
  const body = new Fn("body", inputs, [add(a, x), mul(b, a), sin(x), add(b, k)]);
  const kinds = ["carry", "carry", "xs", "const"];
  return trace(
    (a, b, x, k) => choose(applyOp(scanOp, [a!, b!, x!, k!], { body, length: 2, kinds, reverse: false })),
    [row, row, x2, row],
  ).fn;
}

const scanOf = (fn: Fn): Node => nodes(fn).find(({ op }) => op === scanOp)!;
const args = [[1], [2], [3, 4], [5]];

test.each([
  ["everything", [0, 1, 2, 3], 4, 4],
  ["the first carry", [0], 2, 1],
  ["the second carry, which needs the first", [1], 3, 2],
  ["a stack that needs no carry", [2], 1, 1],
  ["a stack that needs both", [3], 4, 3],
])("a scan of which %s is read computes no more", (_what, read, operands, results) => {
  const fn = scanned((all) => read.map((i) => all[i]!));
  const trimmed = apply(dropUnused, fn);
  expect([scanOf(trimmed).inputs.length, scanOf(trimmed).outputs.length]).toEqual([operands, results]);
  expect(values(trimmed, ...args)).toEqual(values(fn, ...args));
  expect(trimmed === fn).toBe(read.length === 4);
});

test("a while keeps the carries that its condition needs, and drops the others", () => {
  const types = [{ dtype: "int32", shape: [] } as const, x2, x2];
  const inputs = types.map((type) => input(type));
  const [i, a, b] = inputs as [Tensor, Tensor, Tensor];
  const attrs = {
    cond: new Fn("cond", inputs, [i.less(3)]),
    body: new Fn("body", inputs, [i.add(1), add(a, a), mul(b, a)]),
    max_trip: 8,
  };
  const { fn } = trace((...args) => [applyOp(whileOp, args, attrs)[1]!], types);
  const trimmed = apply(dropUnused, fn);
  expect(nodes(trimmed).at(-1)!.outputs).toHaveLength(2);
  expect(values(trimmed, [0], [1, 2], [3, 4])).toEqual([[8, 16]]);
});

test("a while keeps the constants that its condition alone reads", () => {
  const types = [{ dtype: "int32", shape: [] } as const, x2, { dtype: "int32", shape: [] } as const, x2];
  const inputs = types.map((type) => input(type));
  const [most, , i, a] = inputs as [Tensor, Tensor, Tensor, Tensor];
  const attrs = {
    cond: new Fn("cond", inputs, [i.less(most)]),
    body: new Fn("body", inputs, [i.add(1), add(a, a)]),
    consts: 2,
    max_trip: 8,
  };
  const { fn } = trace((...args) => [applyOp(whileOp, args, attrs)[1]!], types);
  const trimmed = apply(dropUnused, fn);
  expect(nodes(trimmed).at(-1)!.attrs.consts).toBe(1);
  expect(values(trimmed, [3], [0, 0], [0], [1, 2])).toEqual([[8, 16]]);
});

test("results and operands of branches that nothing reads are gone", () => {
  const inner = trace((x, y) => [sin(x!), mul(y!, y!)], [x2, x2]).fn;
  const other = trace((x, y) => [x!, add(y!, y!)], [x2, x2]).fn;
  const chosen = trace(
    (i, x, y) => [applyOp(condOp, [i!, x!, y!], { fns: [inner, other] })[0]!],
    [{ dtype: "int32", shape: [] }, x2, x2],
  ).fn;
  const branch = nodes(apply(dropUnused, chosen)).find(({ op }) => op === condOp)!;
  expect([branch.inputs.length, branch.outputs.length]).toEqual([2, 1]);
});
