import "@tenon/interpreter";
import { compile, setBackend, type Tensor, tensor, Variable, variable } from "@tenon/tensor";
import { treeLeaves } from "@tenon/tree";
import { beforeAll, expect, test } from "vitest";
import {
  accumulate,
  adam,
  addDecayedWeights,
  chain,
  clipByGlobalNorm,
  clipByNorm,
  clipByValue,
  globalNorm,
  masked,
  momentum,
  parameterGroups,
  sgd,
  type Transform,
} from "./index.ts";

beforeAll(() => setBackend("interpreter"));

const read = async (x: Tensor | Variable): Promise<number[]> =>
  Array.from((await (x instanceof Variable ? x.value : x).data()) as Float32Array, (v) => Number(v.toPrecision(6)));
const updatesOf = (link: Transform<any>, grads: any, params: any = grads): any =>
  link.update(grads, link.init(params), params)[0];

const grads = { a: tensor([3, 0]), b: tensor([0, -4]) };

test("clipByGlobalNorm shrinks all gradients by one factor, and leaves short ones alone", async () => {
  expect(await globalNorm(grads).item()).toBe(5);
  const { a, b } = updatesOf(clipByGlobalNorm(1), grads);
  expect([await read(a), await read(b)]).toEqual([
    [0.6, 0],
    [0, -0.8],
  ]);
  expect(await read(updatesOf(clipByGlobalNorm(6), grads).b)).toEqual([0, -4]);
  expect(await read(updatesOf(clipByGlobalNorm(1), tensor([0, 0])))).toEqual([0, 0]);
});

test("clipByNorm looks at each parameter by itself, clipByValue at each element", async () => {
  expect(await read(updatesOf(clipByNorm(3.5), grads).a)).toEqual([3, 0]);
  expect(await read(updatesOf(clipByNorm(3.5), grads).b)).toEqual([0, -3.5]);
  expect(await read(updatesOf(clipByValue(0.5), tensor([0.25, -3, 2])))).toEqual([0.25, -0.5, 0.5]);
});

test("16-bit gradients are summed in float32, where their squares do not overflow", async () => {
  const g = tensor([300, 400], { dtype: "float16" });
  const clipped = updatesOf(clipByGlobalNorm(1), g);
  expect(clipped.dtype).toBe("float16");
  expect((await read(clipped)).map((v) => Math.round(100 * v))).toEqual([60, 80]);
});

test("a masked link passes the others unchanged, and a masked optimizer leaves them where they are", async () => {
  const params = { dense: { weight: tensor([10]), bias: tensor([20]) } };
  const ones = { dense: { weight: tensor([1]), bias: tensor([1]) } };
  const decay = updatesOf(masked(addDecayedWeights(0.5), "*.weight"), ones, params);
  expect([await read(decay.dense.weight), await read(decay.dense.bias)]).toEqual([[6], [1]]);

  const net = { dense: { weight: variable([10], { name: "w" }), bias: variable([20], { name: "b" }) } };
  const optimizer = masked(momentum({ learningRate: 1 }), (path) => path.endsWith("bias")).bind(net);
  optimizer.apply(ones);
  expect([await read(net.dense.weight), await read(net.dense.bias)]).toEqual([[10], [19]]);
  expect((treeLeaves(optimizer.state) as Variable[]).map(({ name }) => name)).toEqual([
    "momentum.b.velocity",
    "momentum.learningRate",
  ]);
});

test("patterns name parameters and the layers that they lie in", async () => {
  const params = {
    enc: { w: tensor([1]), list: [tensor([1]), tensor([1])] },
    encoder: tensor([1]),
    out: { w: tensor([1]) },
  };
  const fitting = async (selection: Parameters<typeof masked>[1]) => {
    const { enc, encoder, out } = updatesOf(masked(addDecayedWeights(1), selection), params);
    return (await Promise.all([enc.w, ...enc.list, encoder, out.w].map(read))).map(([v]) => v! - 1).join("");
  };
  expect(await fitting("enc")).toBe("11100");
  expect(await fitting("enc*")).toBe("11110");
  expect(await fitting("*.w")).toBe("10001");
  expect(await fitting("enc.list.1")).toBe("00100");
  expect(await fitting(["out", /^enc\.list\.\d$/g])).toBe("01101");
  expect(await fitting((_path, p) => p.rank === 2)).toBe("00000");
  await expect(fitting("decoder")).rejects.toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 masked: no parameter fits decoder.
      parameters: enc.w, enc.list.0, enc.list.1, encoder, out.w
      fix: * stands for anything, and the path of a layer for all below it.]
  `);
  await expect(fitting(3 as never)).rejects.toThrow("E803 masked: the selection is 3");
});

test("parameter groups are treated each by its own transform; none is forgotten", async () => {
  const net = () => ({ head: { w: variable([1]) }, body: [variable([1]), variable([1])] });
  const gradsOf = () => ({ head: { w: tensor([1]) }, body: [tensor([1]), tensor([2])] });
  const one = net();
  const optimizer = parameterGroups([
    ["head", sgd({ learningRate: 0.5 })],
    ["*", sgd({ learningRate: 0.125 })],
  ]).bind(one);
  optimizer.apply(gradsOf());
  expect([await read(one.head.w), await read(one.body[0]!), await read(one.body[1]!)]).toEqual([
    [0.5],
    [0.875],
    [0.75],
  ]);

  const single = variable([1]); // whose path is empty
  parameterGroups([
    [(path) => path === "head", sgd()],
    ["*", sgd({ learningRate: 0.5 })],
  ])
    .bind(single)
    .apply(tensor([1]));
  expect(await read(single)).toEqual([0.5]);

  const clipped = net(); // the same after a link that sees all gradients
  chain(
    clipByValue(1),
    parameterGroups([
      ["head", sgd({ learningRate: 0.5 })],
      ["*", adam({ learningRate: 0.125 })],
    ]),
  )
    .bind(clipped)
    .apply(gradsOf());
  expect([await read(clipped.head.w), await read(clipped.body[1]!)]).toEqual([[0.5], [0.875]]);

  expect(() =>
    parameterGroups([
      ["head", sgd()],
      ["body.0", adam()],
    ]).bind(net()),
  ).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 parameterGroups: some parameters are in no group.
      parameters: body.1
      fix: add a last group for all others, as in ["*", sgd()].]
  `);
});

test("a chain has one learning rate", () => {
  expect(() => chain(adam(), sgd())).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 chain: 2 links scale by a learning rate.
      fix: keep one; for parameters that are to be treated differently use parameterGroups.]
  `);
  expect(() => chain()).toThrow("E803 chain: there are no links");
  expect(() => chain({ init: () => null } as never)).toThrow("E803 transform: update is undefined");
});

test("accumulating n gradients is a step with their mean, and nothing moves before, in one program", async () => {
  const [a, b] = [variable([1, -2], { name: "a" }), variable([1, -2], { name: "b" })];
  const few = accumulate(3, adam({ learningRate: 0.1 })).bind(a);
  const many = adam({ learningRate: 0.1 }).bind(b);
  let traced = 0;
  const step = compile((g: Tensor) => {
    traced++;
    few.apply(g);
    return a;
  });
  const batches = [
    [1, 2],
    [3, -5],
    [-1, 0],
    [0.5, 1],
    [2, 2],
    [3, 7],
  ];
  for (const [i, g] of batches.entries()) {
    const before = await read(a);
    await step(tensor(g));
    if (i % 3 < 2) expect(await read(a)).toEqual(before);
    else {
      const three = batches.slice(i - 2, i + 1);
      many.apply(tensor([0, 1].map((j) => (three[0]![j]! + three[1]![j]! + three[2]![j]!) / 3)));
      expect(await read(a)).toEqual(await read(b));
    }
  }
  expect(traced).toBe(1);
  few.learningRate = 0; // the inner optimizer's
  expect(await few.learningRate.item()).toBe(0);
});

test("as a link, accumulation gives zeros until the step is due", async () => {
  const link = accumulate(2, addDecayedWeights(0));
  const params = tensor([5]);
  const [first, state] = link.update(tensor([1]), link.init(params), params);
  const [second] = link.update(tensor([2]), state, params);
  expect([await read(first as Tensor), await read(second as Tensor)]).toEqual([[0], [1.5]]);
  expect(() => accumulate(0, sgd())).toThrow("E803 accumulate: steps is 0");
});

test("a transform is pure: the same arguments give the same values, and the arguments keep theirs", async () => {
  const t = adam();
  const [p, g] = [tensor([1, 2]), tensor([0.5, -1])];
  const state = t.init(p);
  const [one] = t.update(g, state, p);
  const [two] = t.update(g, state, p);
  expect(await read(one as Tensor)).toEqual(await read(two as Tensor));
  expect(await (state[0] as { step: Tensor }).step.item()).toBe(0);
});
