import "@tenon/interpreter";
import {
  choose,
  compile,
  cond,
  grad,
  matmul,
  scan,
  setBackend,
  type Tensor,
  tensor,
  variable,
  whileLoop,
} from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";

beforeAll(() => setBackend("interpreter"));

const read = async (x: Tensor): Promise<number[]> => Array.from(await x.data());

test("scan carries trees, reads tensors from outside and stacks what each step yields", async () => {
  const scale = tensor(2);
  const [carry, ys] = scan(
    (c: { sum: Tensor }, x: Tensor) => [{ sum: c.sum.add(x.mul(scale)) }, { seen: c.sum }],
    { sum: tensor(0) },
    tensor([1, 2, 3]),
  );
  expect([await read(carry.sum), await read(ys.seen)]).toEqual([[12], [0, 2, 6]]);
});

test("a Variable that the body assigns is carried and assigned at the end", async () => {
  const count = variable(0);
  const weight = variable(10);
  const run = compile((xs: Tensor) => {
    const [total] = scan(
      (sum: Tensor, x: Tensor) => {
        count.assign(count.value.add(1));
        return [sum.add(x.mul(weight.value)).add(count.value), null];
      },
      tensor(0),
      xs,
    );
    return total;
  });
  expect(await read(await run(tensor([1, 2, 3])))).toEqual([66]);
  expect(await read(count.value)).toEqual([3]);
  expect(await read(await run(tensor([0])))).toEqual([4]);
});

test("gradients flow through scan to Variables and to the carry", async () => {
  const w = variable(0.5);
  const loss = (): Tensor =>
    scan((h: Tensor, x: Tensor) => [h.mul(w.value).add(x), null], tensor(0), tensor([1, 2, 3]))[0];
  expect(await read(grad(loss, w) as Tensor)).toEqual([3]); // d/dw (w² + 2w + 3) = 2w + 2
});

test("cond and choose take one branch, and their gradients follow it", async () => {
  const f = (x: Tensor): Tensor =>
    cond(
      x.sum().greater(0),
      () => x.mul(x),
      () => x.neg(),
    ).sum();
  expect([await read(f(tensor([2]))), await read(f(tensor([-2])))]).toEqual([[4], [2]]);
  expect([await read(grad(f)(tensor([3]))), await read(grad(f)(tensor([-3])))]).toEqual([[6], [-1]]);
  const pick = (i: number): Tensor =>
    choose(tensor(i, { dtype: "int32" }), [() => tensor(10), () => tensor(20), () => tensor(30)]);
  expect([await read(pick(1)), await read(pick(9))]).toEqual([[20], [30]]);
});

test("whileLoop repeats, and with maxTrip it has a gradient", async () => {
  const double = (x: Tensor): Tensor =>
    whileLoop(
      (v: Tensor) => v.less(100),
      (v: Tensor) => v.mul(2),
      x,
      { maxTrip: 20 },
    );
  expect(await read(double(tensor(3)))).toEqual([192]);
  expect(await read(grad(double)(tensor(3)))).toEqual([64]);
});

test("an assignment in a branch or a while loop is refused", () => {
  const v = variable(1);
  const assign = (): Tensor => {
    v.assign(v.value.add(1));
    return v.value;
  };
  expect(() => cond(tensor(true), assign, () => tensor(1))).toThrowErrorMatchingInlineSnapshot(`
    [StateError E409 assign: a Variable is assigned inside a branch of cond.
      fix: return the new value as a result, and assign it outside.]
  `);
  expect(() => whileLoop((x: Tensor) => x.less(2), assign, tensor(1))).toThrow("E409");
});

test("a carry that changes its structure is refused", () => {
  expect(() =>
    scan((c: Tensor) => [[c, c] as never, null], tensor(1), tensor([1])),
  ).toThrowErrorMatchingInlineSnapshot(`
    [StateError E404 scan: the body returns a carry of another structure than it was given.
      given: 0
      returned: [0,1]
      fix: return [carry, y] with a carry like the first one.]
  `);
});

test("a recurrence of 50 steps is one node in the graph", () => {
  const step = compile(
    (xs: Tensor, h: Tensor) => scan((s: Tensor, x: Tensor) => [matmul(s, s).add(x), null], h, xs)[0],
  );
  const rows = step.trace({ dtype: "float32", shape: [50] }, { dtype: "float32", shape: [2, 2] }).functions.at(-1)!.ops;
  expect(rows.filter((row) => row.op === "scan")).toHaveLength(1);
});
