import "@tenon/interpreter";
import {
  checkpoint,
  compile,
  customGradient,
  grad,
  hessian,
  jvp,
  type Key,
  setBackend,
  type Tensor,
  tensor,
  type Variable,
  valueAndGrad,
  variable,
  vjp,
  vmap,
} from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";

beforeAll(() => setBackend("interpreter"));

const read = async (x: Tensor): Promise<number[]> => Array.from(await x.data());

/** A layer that centres its input and keeps a running mean, and counts its calls. */
function norm() {
  const mean = variable(0, { name: "mean", role: "statistic" });
  const calls = variable(0, { name: "calls", role: "state", dtype: "int32" });
  const call = (x: Tensor): Tensor => {
    mean.assign(mean.value.mul(0.5).add(x.mean().mul(0.5)));
    calls.assign(calls.value.add(1));
    return x.sub(x.mean()).mul(mean.value);
  };
  const state = async (): Promise<number[]> => [...(await read(mean.value)), ...(await read(calls.value))];
  return { call, state };
}

const x = tensor([1, 5]);

test("gradients by the input of a layer that keeps statistics: what it assigns is assigned, as in a plain call", async () => {
  const plain = norm();
  const value = await read(plain.call(x).square().sum());
  const after = await plain.state();
  expect([value, after]).toEqual([[18], [1.5, 1]]);
  const transforms: ((f: (x: Tensor) => Tensor) => Tensor)[] = [
    (f) => grad(f)(x),
    (f) => vjp(f, x)[1](tensor(1))[0],
    (f) => jvp(f, [x], [tensor([1, 0])])[1],
    (f) => grad((y: Tensor) => grad(f)(y).sum())(x),
  ];
  for (const transform of transforms) {
    for (const run of [transform, (f: (x: Tensor) => Tensor) => compile(() => transform(f))()]) {
      const layer = norm();
      await read(await run((y) => layer.call(y).square().sum()));
      expect(await layer.state()).toEqual(after);
    }
  }
  const layer = norm();
  // m = (1 + 5) / 4 and L = m²·Σ(x − x̄)²: dL/dx = 2m²(x − x̄) + 2m·Σ(x − x̄)²/4
  expect(await read(grad((y: Tensor) => layer.call(y).square().sum())(x))).toEqual([-3, 15]);
});

test("a checkpointed block with statistics learns and assigns as the plain block does", async () => {
  const train = async (wrap: (f: (x: Tensor) => Tensor) => (x: Tensor) => Tensor): Promise<number[]> => {
    const layer = norm();
    const w = variable(2, { name: "w" });
    const block = wrap((x) => layer.call(x.mul(w.value)));
    const step = compile((x: Tensor) => {
      const [loss, gradient] = valueAndGrad(() => block(x).square().sum(), w);
      w.assign(w.value.sub(gradient.mul(0.001)));
      return loss;
    });
    const losses = [await step(x), await step(x), await step(x)];
    return [...(await Promise.all(losses.map(read))).flat(), ...(await read(w.value)), ...(await layer.state())];
  };
  const plain = await train((f) => f);
  const checked = await train((f) => checkpoint(f));
  expect(plain.at(-1)).toBe(3);
  checked.forEach((value, i) => {
    expect(value).toBeCloseTo(plain[i]!, 4);
  });
});

test("where an assignment has no one value it is refused, and the Variable lives on", async () => {
  const v: Variable = variable(0, { name: "v" });
  const assigns = (x: Tensor): Tensor => {
    v.assign(x.sum());
    return x.sum();
  };
  expect(() => vmap(assigns)(tensor([[1]]))).toThrowErrorMatchingInlineSnapshot(`
    [StateError E409 assign: v is assigned inside vmap.
      fix: return the new value as a result, and assign it outside.]
  `);
  expect(() => hessian(assigns)(x)).toThrow("E409 assign: v is assigned inside hessian");
  expect(() => customGradient(assigns, (_x, _y, dy) => [dy])(x)).toThrow("v is assigned inside customGradient");
  const ruled = customGradient(
    (x: Tensor) => x.sum(),
    ([x], _y, dy) => [assigns(x.mul(dy)).add(x)],
  );
  expect(() => grad(ruled)(x)).toThrow("v is assigned inside customGradient");
  expect(await read(v.value)).toEqual([0]);
  expect(await read(await compile((key: Key) => key.add(v.value))(1))).toEqual([1]);
});
