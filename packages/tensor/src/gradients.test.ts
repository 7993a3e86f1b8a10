import "@tenon/interpreter";
import {
  compile,
  grad,
  hessian,
  matmul,
  setBackend,
  stopGradient,
  type Tensor,
  tensor,
  type Variable,
  valueAndGrad,
  variable,
  variables,
  vmap,
  zeros,
} from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";

beforeAll(() => setBackend("interpreter"));

const read = async (x: Tensor): Promise<number[]> => Array.from(await x.data());

test("grad of a function is its derivative in the first argument, or in those named", async () => {
  const f = (x: Tensor, y: Tensor): Tensor => x.mul(x).mul(y).sum();
  expect(await read(grad(f)(tensor([1, 2]), tensor([3, 4])))).toEqual([6, 16]);
  expect(await read(grad(f, { argnums: 1 })(tensor([1, 2]), tensor([3, 4])))).toEqual([1, 4]);
});

test("derivatives nest: the third of x⁴ is 24x", async () => {
  const f = (x: Tensor): Tensor => x.mul(x).mul(x).mul(x);
  expect(await read(grad(grad(grad(f)))(tensor(2)))).toEqual([48]);
});

test("grad with respect to Variables runs at once, in the shape of what was given, without those that are not trainable", async () => {
  const net = { w: variable([2, 3]), layers: [{ b: variable([1, 1]), mean: variable([5, 5], { role: "statistic" }) }] };
  const loss = (): Tensor => net.w.value.mul(net.layers[0]!.b.value).add(net.layers[0]!.mean.value).sum();
  const gradients = grad(loss, net) as unknown as { w: Tensor; layers: [{ b: Tensor; mean?: Tensor }] };
  expect(await read(gradients.w)).toEqual([1, 1]);
  expect(await read(gradients.layers[0].b)).toEqual([2, 3]);
  expect(Object.keys(gradients.layers[0])).toEqual(["b"]);
  const shown = { [variables]: () => ({ w: net.w }) };
  const [value, again] = valueAndGrad(loss, shown);
  expect(await read(value)).toEqual([15]);
  expect(await read((again as { w: Tensor }).w)).toEqual([1, 1]);
});

test("a Variable that the loss does not use has a gradient of zeros", async () => {
  const [used, unused] = [variable([1]), variable([[1, 2]])];
  const gradients = grad(() => used.value.sum(), { used, unused });
  expect(await read(gradients.unused)).toEqual([0, 0]);
  expect(gradients.unused.shape).toEqual([1, 2]);
});

test("what the loss assigns is assigned, once, with the values of the run", async () => {
  const w = variable([3]);
  const average = variable([0], { role: "statistic" });
  let runs = 0;
  const loss = (): Tensor => {
    runs++;
    const y = w.value.mul(2);
    average.assign(average.value.mul(0.5).add(y.mul(0.5)));
    return y.mul(average.value).sum(); // the new value takes part in the gradient: 2w·w
  };
  const [value, gradient] = valueAndGrad(loss, w);
  expect([await read(value), await read(gradient), await read(average.value), runs]).toEqual([[18], [12], [3], 1]);
});

test("the same inside a compiled function", async () => {
  const w = variable([3]);
  const average = variable([0], { role: "statistic" });
  const step = compile(() => {
    const [loss, gradient] = valueAndGrad(() => {
      average.assign(w.value.mul(2));
      return average.value.mul(w.value).sum();
    }, w);
    w.assign(w.value.sub(gradient));
    return { loss, gradient };
  });
  const { loss, gradient } = await step();
  expect([await read(loss), await read(gradient), await read(average.value), await read(w.value)]).toEqual([
    [18],
    [12],
    [6],
    [-9],
  ]);
});

test("a gradient inside a gradient sees its own Variables as constants of the outer one", async () => {
  const [w, v] = [variable(2), variable(5)];
  const outer = grad(() => (grad(() => w.value.mul(w.value).mul(v.value), w) as Tensor).mul(v.value), v) as Tensor;
  expect(await read(outer)).toEqual([40]); // d/dv (2wv · v) = 4wv
});

test("stopGradient, hessian and vmap compose with what tensor adds", async () => {
  expect(await read(grad((x: Tensor) => x.mul(stopGradient(x)).sum())(tensor([3])))).toEqual([3]);
  expect(await read(hessian((x: Tensor) => x.mul(x).mul(x).sum())(tensor([1, 2])) as Tensor)).toEqual([6, 0, 0, 12]);
  const w = variable([
    [1, 2],
    [3, 4],
  ]);
  expect(
    await read(
      vmap((x: Tensor) => matmul(x, w.value))(
        tensor([
          [1, 0],
          [0, 1],
          [1, 1],
        ]),
      ) as Tensor,
    ),
  ).toEqual([1, 2, 3, 4, 4, 6]);
});

test("a loss that is no single float, or has nothing to learn, is refused", () => {
  const w: Variable = variable([1, 2]);
  expect(() => grad(() => w.value, w)).toThrowErrorMatchingInlineSnapshot(`
    [DifferentiationError E604 grad: the loss is not one float.
      loss: float32 [2]
      fix: reduce it first, for example with mean().]
  `);
  expect(() => grad((async () => w.value.sum()) as never, w)).toThrowErrorMatchingInlineSnapshot(`
    [DifferentiationError E604 grad: the loss is a promise, which is no tensor.
      fix: return a tensor of rank 0 from a synchronous function.]
  `);
  expect(() => grad(() => zeros([]), variable([1], { trainable: false }))).toThrowErrorMatchingInlineSnapshot(`
    [DifferentiationError E610 grad: there is no trainable Variable to differentiate by.
      fix: pass Variables, and set trainable on those that are learned.]
  `);
});

test("what to differentiate by is told from options: an empty list is one, and nothing is a mistake", () => {
  const w = variable([1, 2]);
  const loss = (): Tensor => w.value.sum();
  expect(() => grad(loss, [])).toThrow("E610 grad: there is no trainable Variable");
  expect(() => grad(loss, {})).toThrow("E610 grad: there is no trainable Variable");
  expect(() => (valueAndGrad as (f: unknown) => unknown)(loss)).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 valueAndGrad: wrt is undefined, and holds no Variables.
      fix: say what to differentiate by, as in valueAndGrad(() => loss, variables).]
  `);
  expect(() => valueAndGrad(loss, "w" as never)).toThrow('E803 valueAndGrad: wrt is "w", and holds no Variables');
  expect(() => valueAndGrad(w.value as never, w)).toThrow(
    "E803 valueAndGrad: loss is Tensor(float32 [2]), which is no function",
  );
  expect(() => grad(loss, { argnum: 1 } as never)).toThrow("E803");
  expect(Object.keys(grad(loss, { argnums: w }))).toEqual(["argnums"]);
});

test("a Variable of integers has no gradient, and is refused where one is wanted", () => {
  const count = variable([1], { name: "count", dtype: "int32" });
  expect(() => grad(() => tensor(1), [count])).toThrowErrorMatchingInlineSnapshot(`
    [DifferentiationError E611 grad: count is int32 [1], and only floats have gradients.
      fix: make it with trainable: false, or with a role such as state, or leave it out.]
  `);
});
