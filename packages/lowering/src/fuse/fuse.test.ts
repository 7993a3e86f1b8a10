import { backward } from "@tenon/autograd";
import {
  exp,
  Fn,
  gelu,
  input,
  layerNorm,
  logSoftmax,
  matmul,
  max,
  maxPool,
  relu,
  rmsNorm,
  select,
  sin,
  softmax,
  spec,
  splat,
  sum,
  type Tensor,
  tanh,
  topK,
  transpose,
} from "@tenon/ir";
import { describe, expect, test } from "vitest";
import { type Claims, expand } from "../expand.ts";
import { withIndexScope } from "../index-node.ts";
import { loadParts } from "../parts.ts";
import { simplify } from "../simplify.ts";
import { type FuseOptions, fuse } from "./fuse.ts";
import type { Fused } from "./group.ts";
import { denseStep } from "./steps.test-kit.ts";

await loadParts();

const fused = (fn: Fn, options: Partial<FuseOptions> = {}, claims?: Claims): Fused =>
  withIndexScope(() => {
    const simple = simplify(expand(fn, claims));
    return fuse(simple, {
      templates: new Set(["dot", "column sums", "sort"]),
      maxBuffers: Number.POSITIVE_INFINITY,
      smallBytes: 0,
      fusion: true,
      needed: simple.results,
      ...options,
    });
  });

/** The groups of a function of arrays of these shapes, each as its kind and the ops in it. */
function groupsOf(
  shapes: readonly (readonly (number | string)[])[],
  body: (...xs: Tensor[]) => Tensor | readonly Tensor[],
  options?: Partial<FuseOptions>,
  claims?: Claims,
): readonly string[] {
  const inputs = shapes.map((shape) => input(spec(shape)));
  const results = body(...inputs);
  const { groups } = fused(new Fn("fn", inputs, "dtype" in results ? [results as Tensor] : results), options, claims);
  return groups.map(({ kind, nodes }) => `${kind} ${nodes.map((n) => n.op.name).join("+")}`);
}

test("a training step of three dense layers with Adam is 18 groups, of which 6 are updates of the same kind", () => {
  const { groups } = fused(denseStep([784, 256, 256, 10]));
  const kinds = groups.map(({ kind, nodes }) => `${kind} ${nodes.length}`);
  expect(kinds.filter((k) => k.startsWith("dot"))).toHaveLength(8);
  const updates = groups.filter(({ nodes }) => nodes.some((n) => n.op.name === "sqrt"));
  expect(updates.map(({ rows }) => rows.join())).toEqual(["784,256", "256", "256,256", "256", "256,10", "10"]);
  expect(groups).toHaveLength(18);
});

test("softmax, log-softmax, layer norm and rms norm are one kernel each, whatever axis they go along", () => {
  expect(groupsOf([["B", 8]], (x) => softmax(x))).toHaveLength(1);
  expect(groupsOf([[2, 3, 8]], (x) => softmax(x, { axis: 1 }))).toHaveLength(1);
  expect(groupsOf([["B", 8]], (x) => logSoftmax(x))).toHaveLength(1);
  expect(groupsOf([["B", 5, 8], [8], [8]], (x, scale, bias) => layerNorm(x, { scale, bias }))).toHaveLength(1);
  expect(groupsOf([["B", 8], [8]], (x, scale) => rmsNorm(x, { scale }))).toHaveLength(1);
});

test("a product takes bias, activation and residual into its kernel, and the sums of its columns", () => {
  const epilogue = (a: Tensor, b: Tensor, bias: Tensor, residual: Tensor): readonly Tensor[] => {
    const y = gelu(a.matmul(b).add(bias)).add(residual);
    return [y, sum(y, { axis: 0 })];
  };
  expect(groupsOf([["B", 6], [6, 8], [8], ["B", 8]], epilogue)).toHaveLength(1);
  expect(
    groupsOf(
      [
        ["B", 6],
        [6, 8],
      ],
      (a, b) => sum(a.matmul(b), { axis: 1 }),
    ),
  ).toEqual(["dot dot", "loops reduce"]);
});

test("what is read elsewhere as well is stored: a transposed reading of a sum of columns or of elements", () => {
  expect(groupsOf([[4, 4]], (x) => exp(x).add(transpose(exp(x))))).toEqual(["loops exp", "loops add"]);
  expect(
    groupsOf([[4, 6]], (x) => {
      const e = exp(x);
      return sin(e.div(sum(e, { axis: 0 }))).div(sum(e, { axis: 1, keepDims: true }));
    }),
  ).toHaveLength(2);
});

test("nothing joins across what must come between", () => {
  // t is in front of the product, and behind it
  expect(groupsOf([[4, 4]], (x) => ((t) => t.add(t.matmul(t)))(tanh(x)))).toEqual(["loops tanh", "dot dot+add"]);
  expect(groupsOf([[4, 4]], (x) => ((t) => sin(t).add(max(t.matmul(t), { axis: 0 })))(tanh(x)))).toEqual([
    "loops tanh+sin",
    "dot dot",
    "loops reduce+add",
  ]);
});

test("the gradient of pooling whose windows lie side by side is made where it is wanted", () => {
  for (const size of [4, 5])
    expect(
      groupsOf(
        [
          ["B", size, size, 3],
          ["B", 2, 2, 3],
        ],
        (x, dy) => backward([maxPool(relu(x), { size: 2 })], [x], [dy]).gradients[0]!,
        {},
        ({ op }) => (op === "nn.max_pool" ? { kernel: op } : null),
      ).map((group) => group.replaceAll(/\+.*/g, "")),
    ).toEqual(["loops maximum", "claimed nn.max_pool", "loops mul"]);
});

test("a value is not computed again for each of many that read it", () => {
  // a row that is spread over others would be evaluated once per element
  expect(groupsOf([[8], [4, 8]], (row, x) => sum(exp(row).mul(x), { axis: 1 }))).toEqual([
    "loops exp",
    "loops mul+reduce",
  ]);
});

test("no kernel touches more buffers than the target has", () => {
  const limit = 4;
  const shapes = Array.from({ length: 9 }, () => [5, 7]);
  const add = (...xs: Tensor[]): Tensor => xs.map((x) => exp(x)).reduce((a, b) => a.add(b));
  const inputs = shapes.map((shape) => input(spec(shape)));
  const { groups, stored } = fused(new Fn("fn", inputs, [add(...inputs)]), { maxBuffers: limit });
  expect(groups.length).toBeGreaterThan(1);
  for (const { nodes, outputs } of groups) {
    const reads = new Set(nodes.flatMap((n) => n.inputs).filter((t) => stored.has(t) && !outputs.includes(t)));
    expect(reads.size + outputs.length).toBeLessThanOrEqual(limit);
  }
  expect(groupsOf(shapes, add)).toHaveLength(1);
});

describe("nor where", () => {
  const check = (limit: number, inputs: readonly Tensor[], results: readonly Tensor[]): void => {
    const { groups, stored } = fused(new Fn("fn", inputs, results), { maxBuffers: limit });
    for (const { nodes, outputs } of groups) {
      const inMemory = (t: Tensor): readonly Tensor[] => (stored.has(t) ? [t] : t.node.inputs.flatMap(inMemory));
      const touched = new Set([...outputs, ...nodes.flatMap((n) => n.inputs.flatMap(inMemory))]);
      expect(touched.size).toBeLessThanOrEqual(limit);
    }
  };
  const turnedSums = (list: readonly Tensor[]): readonly Tensor[] =>
    list.map((x) => sum(transpose(x), { axis: 1 }).reverse({ axis: 0 }).exp());

  test("other kernels read sums in between", () => {
    const inputs = Array.from({ length: 5 }, () => input(spec([5, 7])));
    const sums = [exp(inputs[0]!)];
    for (const x of inputs.slice(1)) sums.push(exp(x).add(sums.at(-1)!));
    check(6, inputs, [sums.at(-1)!, ...turnedSums(sums)]);
  });

  test("other kernels read what is made of a product", () => {
    const inputs = [input(spec([5, 8])), input(spec([8, 7]))];
    const list = [exp(matmul(inputs[0]!, inputs[1]!))];
    while (list.length < 8) list.push(exp(list.at(-1)!));
    check(6, inputs, [list.at(-1)!, ...turnedSums(list)]);
  });

  test("a kernel computes again what it might have read", () => {
    const inputs = Array.from({ length: 5 }, () => input(spec([8, 8])));
    const [a, b, c, d, e] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
    const p = a.mul(b);
    const row = sum(p.add(c), { axis: 1, keepDims: true });
    check(5, inputs, [row.add(select(p.less(matmul(c, d)), e, p))]);
  });
});

describe("a composite that the target keeps whole", () => {
  const shapes = [["B", 5, 6], [6, 8], [8], ["B", 5, 8]];
  const groups = (body: (...xs: Tensor[]) => Tensor | readonly Tensor[]): readonly string[] =>
    groupsOf(shapes, body, {}, ({ op }) => (op === "nn.softmax" || op === "nn.top_k" ? { kernel: op } : null));

  test("takes what is done with its elements into its kernel, and what other rows want is stored", () => {
    expect(groups((x, _w, bias) => gelu(softmax(x.reverse({ axis: 1 })).mul(2)).sub(bias.sum()))).toEqual([
      "loops reduce",
      "claimed nn.softmax+mul+mul+mul+erf+add+mul+sub",
    ]);
    expect(groups((x) => sum(softmax(x), { axis: 2 }))).toEqual(["claimed nn.softmax", "loops reduce"]);
  });

  test("reads what is moved at constant distances where it is, and has the rest put into memory", () => {
    expect(groups((x) => softmax(transpose(x.reverse({ axis: 1 }))))).toEqual(["claimed nn.softmax"]);
    expect(groups((x) => softmax(x.pad({ lo: [0, 1, 0] })))).toEqual(["loops pad", "claimed nn.softmax"]);
    expect(groups((x) => softmax(exp(x)))).toEqual(["loops exp", "claimed nn.softmax"]);
    expect(groups(() => softmax(splat(1, [2, 3], "float32")))).toEqual(["loops constant", "claimed nn.softmax"]);
  });

  test("has an epilogue of its first result alone", () => {
    expect(groups((x) => topK(x, 2).map((t) => t.mul(2)))).toEqual(["claimed nn.top_k+mul", "loops mul"]);
  });
});

test("without fusion every node that computes is a kernel, and still no movement is", () => {
  expect(groupsOf([["B", 8]], (x) => softmax(transpose(x), { axis: 0 }), { fusion: false })).toEqual([
    "loops reduce",
    "loops sub",
    "loops exp",
    "loops reduce",
    "loops div",
  ]);
});
