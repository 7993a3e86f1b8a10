import { applyOp, constant, defineOp, input, opRecord, spec, stopGradient, type Tensor, withScope } from "@tenon/ir";
import { expect, test } from "vitest";
import { grad, jvp, vjp } from "./grad.ts";
import { refusal } from "./refusal.test-kit.ts";
import { vmap } from "./vmap.ts";

const common = { version: 1, numeric: "exact", inputs: ["x"] } as const;
const x = constant([1, 2]);
const inLayer = (f: (x: Tensor) => Tensor) => (x: Tensor) => withScope("net", () => withScope("odd", () => f(x)));

test("an op that says why it has no derivative is refused with that reason, and with the layer it stands in", () => {
  const blocked = defineOp({
    ...common,
    name: "test.blocked",
    shape: ([x]) => x.shape,
    decompose: ([x]) => x.mul(2),
    notDifferentiable: "its derivative depends on how the value is spread over devices",
  });
  const f = inLayer((x) => blocked(x));
  const text = refusal(() => vjp(f, x));
  expect(text).toMatchInlineSnapshot(`
    "DifferentiationError E601 test.blocked: it cannot be differentiated: its derivative depends on how the value is spread over devices.
      at: net.odd
      fix: keep it out of what is differentiated, or cut the derivative before it with stopGradient."
  `);
  expect(refusal(() => jvp(f, [x], [x]))).toBe(text);
});

test("an op without a derivative is no obstacle where no derivative passes", () => {
  const op = opRecord({ ...common, name: "test.opaque", shape: ([x]) => x.shape, run: ([x]) => x.data });
  const opaque = (x: Tensor) => applyOp(op, [x])[0]!;
  const gradientOf = (f: (x: Tensor) => Tensor) => String(grad((x: Tensor) => f(x).add(x).sum())(x));
  for (const f of [
    (x: Tensor) => opaque(x).cast("int32").cast("float32"),
    (x: Tensor) => opaque(stopGradient(x.sin())),
    (x: Tensor) => stopGradient(opaque(x.sin())),
    (x: Tensor) => opaque(x.floor()),
  ]) {
    expect(refusal(() => gradientOf(f))).toBe("nothing was refused");
  }
  expect(refusal(() => gradientOf((x) => opaque(stopGradient(x).add(x))))).toMatch("E602 test.opaque");
});

test("an op without a derivative or a decomposition is refused, in every transform", () => {
  const op = opRecord({ ...common, name: "test.bare", shape: ([x]) => x.shape, run: ([x]) => x.data });
  const f = inLayer((x) => applyOp(op, [x])[0]!);
  expect(refusal(() => vjp(f, x))).toMatchInlineSnapshot(`
    "DifferentiationError E602 test.bare: it has neither a derivative nor a decomposition.
      at: net.odd
      fix: give its record a vjp, or wrap it in customGradient."
  `);
  expect(refusal(() => jvp(f, [x], [x]))).toBe(refusal(() => vjp(f, x)));
  expect(refusal(() => vmap(f)(x))).toMatchInlineSnapshot(`
    "DifferentiationError E609 test.bare: it has neither a batching rule nor a decomposition.
      at: net.odd
      fix: give its record a batch, or map over the examples with scan."
  `);
});

test("a rule that throws is named", () => {
  const op = defineOp({
    ...common,
    name: "test.broken",
    shape: ([x]) => x.shape,
    decompose: ([x]) => x,
    vjp: ([x], _results, [dy]) => [dy.add(constant([1, 2, 3])).add(x)],
  });
  expect(
    refusal(() =>
      vjp(
        inLayer((x) => op(x)),
        x,
      ),
    ),
  ).toMatchInlineSnapshot(`
    "DifferentiationError E607 test.broken: its vjp rule failed: E203 add: shapes [2] and [3] do not broadcast.
      at: net.odd"
  `);
});

test("rules that give another type are named", () => {
  const op = defineOp({
    ...common,
    name: "test.wrong",
    shape: ([x]) => x.shape,
    decompose: ([x]) => x,
    jvp: ([_x], [dx]) => (dx === null ? null : dx.sum()),
    batch: ([x]) => x.sum(),
  });
  expect(
    refusal(() =>
      jvp(
        inLayer((x) => op(x)),
        [x],
        [x],
      ),
    ),
  ).toMatchInlineSnapshot(`
    "DifferentiationError E603 test.wrong: its jvp rule gives float32 [] for y, which is float32 [2].
      at: net.odd
      fix: mend the jvp rule of test.wrong."
  `);
  expect(refusal(() => vmap(inLayer((x) => op(x)))(x))).toMatchInlineSnapshot(`
    "ShapeError E202 test.wrong: its batch rule gives float32 [] where float32 [2] is wanted.
      at: net.odd
      fix: mend the batch rule of test.wrong."
  `);
});

test("a composite is differentiated through its decomposition, also where that holds composites", () => {
  const inner = defineOp({
    ...common,
    name: "test.inner",
    shape: ([x]) => x.shape,
    decompose: ([x]) => x.mul(x),
  });
  const outer = defineOp({
    ...common,
    name: "test.outer",
    results: ["y", "z"],
    type: ([x]) => [x, x],
    decompose: ([x]) => [inner(inner(x)), x],
  });
  const p = input(spec([2]));
  const [[y, z], pullback] = vjp((x: Tensor) => outer(x) as unknown as Tensor[], p);
  expect([y!.op.name, z]).toEqual(["mul", p]);
  expect(pullback([y!, z!])[0].shape).toEqual([2]);
});
