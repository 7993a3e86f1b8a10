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

test("a body that assigns nothing is run once, however deep loops are nested", () => {
  let runs = 0;
  const nested = (depth: number, x: Tensor): Tensor => {
    runs++;
    return depth === 0 ? x : scan((c: Tensor) => [nested(depth - 1, c), null], x, null, { length: 2 })[0];
  };
  nested(5, tensor(1));
  expect(runs).toBe(6);
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

test("branches and carries are put together by key, and another structure is refused", async () => {
  const pick = (x: Tensor): { a: Tensor; b: Tensor } =>
    cond(
      x.greater(0),
      () => ({ a: x, b: x.mul(10) }),
      () => ({ b: x.mul(10), a: x }),
    );
  for (const i of [1, -1]) {
    const { a, b } = pick(tensor(i));
    expect([await read(a), await read(b)]).toEqual([[i], [10 * i]]);
  }
  const [sums] = scan(
    ({ a, b }: { a: Tensor; b: Tensor }, x: Tensor) => [{ b: b.add(x.mul(10)), a: a.add(x) }, null],
    { a: tensor(0), b: tensor(0) },
    tensor([1, 2]),
  );
  expect([await read(sums.a), await read(sums.b)]).toEqual([[3], [30]]);
  const last = whileLoop(
    ({ a }: { a: Tensor; b: Tensor }) => a.less(5),
    ({ a, b }) => ({ b: b.add(10), a: a.add(1) }),
    { a: tensor(0), b: tensor(0) },
  );
  expect([await read(last.a), await read(last.b)]).toEqual([[5], [50]]);
  const t = tensor(1);
  expect(() =>
    cond(
      tensor(true),
      () => [t, t],
      () => ({ x: t, y: t }) as never,
    ),
  ).toThrowErrorMatchingInlineSnapshot(`
    [StructureError E741 cond: the tree has a list of 2 where a record {x, y} is wanted.
      at: the root
      fix: give the same lists, keys and places of null; only leaves may differ.]
  `);
  expect(() => scan((c: Tensor) => [[c, c] as never, null], t, tensor([1]))).toThrow("E741 scan");
  expect(() =>
    whileLoop(
      (c: Tensor) => c.less(5),
      (c: Tensor) => [c] as never,
      t,
    ),
  ).toThrow("E741 while");
});

test("what a loop or a branch cannot use is named", () => {
  const t = tensor(1);
  const xs = tensor([1, 2]);
  const same = (c: Tensor): [Tensor, Tensor] => [c, c];
  const refusals = [
    () => scan((c: Tensor) => void c.add(1) as never, t, xs),
    () => scan((c: Tensor) => c as never, t, xs),
    () => scan((c: Tensor) => [variable(1), c] as never, t, xs),
    () => scan(same, variable(1) as never, xs),
    () => scan(same, t, xs, { reversed: true } as never),
    () => scan(t as never, t, xs),
    () =>
      cond(
        true as never,
        () => t,
        () => t,
      ),
    () =>
      cond(
        t,
        () => t,
        () => t,
      ),
    () =>
      cond(
        tensor([true]),
        () => t,
        () => t,
      ),
    () =>
      cond(
        tensor(true),
        () => void t.add(1) as never,
        () => t,
      ),
    () => cond(tensor(true), t as never, t as never),
    () => choose(t, [() => t]),
    () => choose(tensor(0, { dtype: "int32" }), []),
    () =>
      whileLoop(
        (c: Tensor) => c,
        (c: Tensor) => c.add(1),
        t,
      ),
    () => whileLoop((() => {}) as never, (c: Tensor) => c.add(1), t),
    () =>
      whileLoop(
        (c: Tensor) => c.less(5),
        (c: Tensor) => c.add(1),
        t,
        { max_trip: 3 } as never,
      ),
  ];
  expect(refusals.map((f) => errorOf(f))).toMatchInlineSnapshot(`
    [
      "StateError E404 scan: the body returns undefined, which is no pair of carry and y.",
      "StateError E404 scan: the body returns Tensor(float32 []), which is no pair of carry and y.",
      "StateError E404 scan: the carry holds a Variable, which is no tensor.",
      "StateError E404 scan: init holds a Variable, which is no tensor.",
      "OptionError E801 scan: unknown option reversed.",
      "OptionError E803 scan: body is Tensor(float32 []), which is no function.",
      "DTypeError E201 cond: the predicate is true, which is no tensor.",
      "DTypeError E201 cond: the predicate is float32 [], which is not one bool.",
      "DTypeError E201 cond: the predicate is bool [1], which is not one bool.",
      "StateError E404 cond: the result of a branch holds undefined, which is no tensor.",
      "OptionError E803 cond: branch 0 is Tensor(float32 []), which is no function.",
      "DTypeError E201 cond: the index is float32 [], which is not one int32.",
      "OptionError E803 cond: branches is empty.",
      "DTypeError E201 while: the condition is float32 [], which is not one bool.",
      "DTypeError E201 while: the condition is undefined, which is no tensor.",
      "OptionError E801 while: unknown option max_trip.",
    ]
  `);
});

function errorOf(f: () => unknown): string {
  try {
    f();
  } catch (error) {
    return String(error).split("\n")[0]!;
  }
  return "no error";
}

test("a recurrence of 50 steps is one node in the graph", () => {
  const step = compile(
    (xs: Tensor, h: Tensor) => scan((s: Tensor, x: Tensor) => [matmul(s, s).add(x), null], h, xs)[0],
  );
  const rows = step.trace({ dtype: "float32", shape: [50] }, { dtype: "float32", shape: [2, 2] }).functions.at(-1)!.ops;
  expect(rows.filter((row) => row.op === "scan")).toHaveLength(1);
});
