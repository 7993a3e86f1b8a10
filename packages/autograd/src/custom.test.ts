import { evaluateTensors } from "@tenon/interpreter";
import { constant, type Tensor } from "@tenon/ir";
import { expect, test } from "vitest";
import { customGradient } from "./custom.ts";
import { grad, jvp } from "./grad.ts";
import { jacobian } from "./jacobian.ts";
import { refusal } from "./refusal.test-kit.ts";
import { vmap } from "./vmap.ts";

const valueOf = (tensor: Tensor) => [...evaluateTensors([tensor])[0]!.data];

/** x, whose gradient is turned round: Ganin & Lempitsky 2015, arXiv:1409.7495. */
const reversed = customGradient(
  (x: Tensor) => x.mul(1),
  (_args, _y, dy) => [dy.mul(-1)],
);

test("the derivative is the one given, in every transform", () => {
  const f = (x: Tensor) => reversed(x).mul(3).sum();
  const x = constant([1, 2]);
  expect(valueOf(f(x))).toEqual([9]);
  expect(valueOf(grad(f)(x))).toEqual([-3, -3]);
  expect(valueOf(jvp(f, [x], [x])[1])).toEqual([-9]);
  expect(valueOf(grad((x: Tensor) => vmap(reversed)(x).sum())(x))).toEqual([-1, -1]);
  expect(valueOf(vmap(grad(f))(x))).toEqual([-3, -3]);
});

test("its derivative is differentiated in turn", () => {
  const cubed = customGradient(
    (x: Tensor) => x.mul(x).mul(x),
    ([x], _y, dy) => [dy.mul(x).mul(x).mul(10)],
  );
  expect(valueOf(grad(cubed)(constant(2)))).toEqual([40]);
  expect(valueOf(grad(grad(cubed))(constant(2)))).toEqual([40]);
});

test("arguments are trees, and null stands for no gradient", () => {
  const f = customGradient(
    (p: { a: Tensor; b: Tensor }, x: Tensor) => [p.a.mul(x), p.b] as const,
    (_args, _y, [dy]) => [null, dy.mul(7)],
  );
  const loss = (p: { a: Tensor; b: Tensor }, x: Tensor) => f(p, x)[0].add(f(p, x)[1]);
  const [p, x] = grad(loss, { argnums: [0, 1] })({ a: constant(2), b: constant(3) }, constant(5));
  expect([p.a, p.b, x].map(valueOf)).toEqual([[0], [0], [7]]);
});

test("forward mode through a rule that is not linear is refused", () => {
  const clipped = customGradient(
    (x: Tensor) => x.mul(1),
    (_args, _y, dy) => [dy.maximum(-1).minimum(1)],
  );
  expect(valueOf(grad((x: Tensor) => clipped(x).mul(5))(constant(1)))).toEqual([1]);
  expect(refusal(() => jvp(clipped, [constant(1)], [constant(1)]))).toMatchInlineSnapshot(`
    "DifferentiationError E606 custom.gradient: its vjp is not linear in the cotangents, so there is no forward mode through it.
      fix: use reverse mode, or give the op a jvp."
  `);
});

test("a rule that gives another shape, or uses tensors from outside, is refused", () => {
  const wrong = customGradient(
    (x: Tensor) => x.mul(1),
    (_args, _y, dy) => [dy.sum()],
  );
  expect(refusal(() => grad((x: Tensor) => wrong(x).sum())(constant([1, 2])))).toMatchInlineSnapshot(`
    "DifferentiationError E603 custom.gradient: its vjp rule gives float32 [] for operand 0, which is float32 [2].
      fix: mend the vjp rule of custom.gradient."
  `);
  const leaking = (x: Tensor) =>
    customGradient(
      (y: Tensor) => y.mul(x),
      (_args, _y, dy) => [dy],
    )(constant(1));
  expect(refusal(() => grad(leaking)(constant(2)))).toMatchInlineSnapshot(`
    "OptionError E805 custom.gradient: the body uses tensors that are none of its arguments.
      tensor: float32 []
      fix: pass them as arguments."
  `);
});

test("the cotangents of a record go by key, whatever the order in which the rule writes them", () => {
  const product = customGradient(
    ({ a, b }: { a: Tensor; b: Tensor }) => a.mul(b),
    ([{ a, b }], _y, dy) => [{ b: dy.mul(a), a: dy.mul(b) }],
  );
  const { a, b } = grad(product)({ a: constant(5), b: constant(7) });
  expect([valueOf(a), valueOf(b)]).toEqual([[7], [5]]);
});

test("a rule that gives no list, or too short a list, is refused and not taken for zeros", () => {
  const bare = customGradient((x: Tensor) => x.mul(2), ((_args: unknown, _y: Tensor, dy: Tensor) => dy) as never);
  expect(refusal(() => grad(bare)(constant(2)))).toMatchInlineSnapshot(`
    "DifferentiationError E612 customGradient: vjp gives Tensor(float32 []) for 1 argument.
      fix: return a list with a cotangent, or null, for each argument."
  `);
  const short = customGradient((x: Tensor, y: Tensor) => x.mul(y), (([x]: Tensor[], _y: Tensor, dy: Tensor) => [
    dy.mul(x!),
  ]) as never);
  expect(refusal(() => grad(short)(constant(2), constant(3)))).toMatchInlineSnapshot(`
    "DifferentiationError E612 customGradient: vjp gives [Tensor(float32 [])] for 2 arguments.
      fix: return a list with a cotangent, or null, for each argument."
  `);
});

test("what is no function, and an option that there is not, are refused before anything runs", () => {
  expect(refusal(() => grad(constant(1) as never))).toMatchInlineSnapshot(`
    "OptionError E803 grad: f is Tensor(float32 []), which is no function.
      fix: give a function, such as (x) => x.mul(2)."
  `);
  expect(refusal(() => customGradient((x: Tensor) => x, { vjp: 1 } as never))).toMatchInlineSnapshot(`
    "OptionError E803 customGradient: vjp is an object, which is no function.
      fix: give a function, such as (x) => x.mul(2)."
  `);
  expect(refusal(() => vmap((x: Tensor) => x, { inAxis: 1 } as never))).toMatchInlineSnapshot(`
    "OptionError E801 vmap: unknown option inAxis.
      fix: did you mean inAxes?"
  `);
  expect(refusal(() => jacobian((x: Tensor) => x, { mode: "backward" } as never))).toMatchInlineSnapshot(
    `"OptionError E803 jacobian: mode is "backward", which is not one of reverse, forward."`,
  );
});
