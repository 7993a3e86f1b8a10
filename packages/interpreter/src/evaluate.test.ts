import { evaluateFn, evaluateTensors, Programs, run } from "@tenon/interpreter";
import {
  add,
  applyOp,
  buildModule,
  constant,
  dimOp,
  dimSymbol,
  Fn,
  input,
  lookupOp,
  mul,
  parseDim,
  type Tensor,
} from "@tenon/ir";
import { verify } from "@tenon/ir/verify";
import { expect, test } from "vitest";

const elements = (data: readonly number[], shape: readonly number[] = [data.length]) => ({
  dtype: "float32" as const,
  shape,
  data: Float64Array.from(data),
});

test("constants and what is computed from them need no runtime", () => {
  const [y] = evaluateTensors([add(constant([1, 2, 3]), constant(0.5, [3]))]);
  expect(y).toEqual({ dtype: "float32", shape: [3], data: Float64Array.of(1.5, 2.5, 3.5) });
});

test("values may be given for any tensor of the graph", () => {
  const a = constant([1, 2]);
  const b = add(a, a);
  expect(evaluateTensors([mul(b, a)], new Map([[b, elements([10, 20])]]))[0]!.data).toEqual(Float64Array.of(10, 40));
});

test("symbolic sizes are bound by the shapes of the arguments, in types and in attributes", () => {
  const x = input({ dtype: "float32", shape: [dimSymbol("B")] }, "x");
  const two = constant(2, x.shape);
  const [count] = applyOp(dimOp, [], { expr: parseDim("2*B+1"), dtype: "float32" });
  const fn = new Fn("fn", [x], [mul(x, two), count!]);
  expect(evaluateFn(fn, [elements([1, 2, 3])]).map((r) => [...r.data])).toEqual([[2, 4, 6], [7]]);
});

test("a composite that carries its decomposition runs as it", () => {
  const [x] = [input({ dtype: "float32", shape: [2] })];
  const decomp = new Fn("twice", [x], [add(x, x)]);
  const [y] = applyOp(lookupOp("composite")!, [constant([1, 2])], {
    name: "acme.twice",
    version: 3,
    attrs: {},
    decomp,
  });
  expect(evaluateTensors([y!])[0]!.data).toEqual(Float64Array.of(2, 4));
});

test("a chain of 200,000 ops is built, verified and run without recursion, in the memory of its largest step", () => {
  const x = input({ dtype: "int32", shape: [2] });
  const one = constant(1, [2], "int32");
  let y: Tensor = x;
  for (let i = 0; i < 200_000; i++) y = add(y, one);
  const module = verify(buildModule({ entries: { chain: new Fn("chain", [x], [y]) } }));
  const program = new Programs(module, new Map()).of("chain");
  const [result] = run(program, [{ dtype: "int32", shape: [2], data: Float64Array.of(0, 1) }]);
  expect(result!.data).toEqual(Float64Array.of(200_000, 200_001));
  expect(program.peakBytes).toBe(3 * 2 * Float64Array.BYTES_PER_ELEMENT); // the constant, an operand and a result
});
