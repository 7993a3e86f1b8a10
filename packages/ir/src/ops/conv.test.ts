import { backward, grad, vmap } from "@tenon/autograd";
import { expect, test } from "vitest";
import { constant, conv, type Dim, input, iota, spec, type Tensor, topologicalOrder } from "../index.ts";
import { refusal } from "../refusal.test-kit.ts";
import { evaluated } from "./evaluated.test-kit.ts";

const random = (shape: readonly number[], seed: number): Tensor => {
  const count = shape.reduce((n, d) => n * d, 1);
  return constant(
    Array.from({ length: count }, (_, i) => (((i * 7 + seed * 13) % 11) - 5) / 4),
    shape,
  );
};

test("a kernel slides over the places without being turned round", () => {
  const x = constant([1, 2, 3, 4], [1, 4, 1]);
  expect(evaluated(conv(x, constant([1, 10], [2, 1, 1])))).toEqual([21, 32, 43]);
  expect(evaluated(conv(x, constant([1, 10], [2, 1, 1]), { dilation: 2 }))).toEqual([31, 42]);
});

test("padding of the kind same gives ⌈n / stride⌉ places, the odd zero at the end, as in Keras", () => {
  const x = constant([1, 2, 3, 4], [1, 4, 1]);
  const w = constant([1, 10], [2, 1, 1]);
  expect(evaluated(conv(x, w, { padding: "same" }))).toEqual([21, 32, 43, 4]);
  expect(evaluated(conv(x, constant([1, 10, 100], [3, 1, 1]), { padding: "same", stride: 2 }))).toEqual([321, 43]);
  expect(evaluated(conv(x, w, { padding: "same", stride: 3 }))).toEqual([21, 4]);
  expect(evaluated(conv(x, w, { padding: [[2, 0]] }))).toEqual([0, 10, 21, 32, 43]);
});

test("with as many groups as channels each channel has a kernel of its own", () => {
  const x = constant([1, 2, 3, 4, 5, 6], [1, 3, 2]);
  const w = constant([1, 10, 100, 1000], [2, 1, 2]);
  expect(evaluated(conv(x, w, { groups: 2 }))).toEqual([301, 4020, 503, 6040]);
});

const opsOf = (roots: readonly Tensor[]): string[] => topologicalOrder(roots).map((node) => node.op.name);

test("its gradients are convolutions again, where the stride leaves a rest and where padding exceeds the kernel too", () => {
  for (const options of [{ stride: 2 }, { padding: 4, stride: 3 }, { padding: [[3, 0], 2] as const, groups: 2 }]) {
    const [x, w] = [random([2, 8, 6, 4], 1), random([3, 2, options.groups === 2 ? 2 : 4, 6], 2)];
    const y = conv(x, w, options);
    const dy = random(y.shape as number[], 3);
    const { gradients } = backward([y], [x, w], [dy]);
    const [dx, dw] = gradients as [Tensor, Tensor];
    expect([dx, dw].map((t) => opsOf([t]).filter((name) => name === "nn.conv").length)).toEqual([1, 1]);
    // ⟨conv(x, w), dy⟩ is linear in both
    const product = evaluated(y.mul(dy).sum())[0]!;
    expect(evaluated(x.mul(dx).sum())[0]).toBeCloseTo(product, 9);
    expect(evaluated(w.mul(dw).sum())[0]).toBeCloseTo(product, 9);
  }
});

test("sizes may be symbolic: of the batch, and of the places where what a stride leaves over is known", () => {
  const w = random([3, 3, 2, 4], 2);
  const texts = (t: Tensor): string[] => t.shape.map((d: Dim) => String(d));
  expect(texts(conv(input(spec(["B", 8, 8, 2])), w, { stride: 2 }))).toEqual(["B", "3", "3", "4"]);
  expect(texts(conv(input(spec([1, "2*H", "W", 2])), w, { padding: "same", stride: [2, 1] }))).toEqual([
    "1",
    "H",
    "W",
    "4",
  ]);
  for (const options of [{ padding: "same" as const }, { padding: "same" as const, stride: 2, groups: 2 }]) {
    const kernel = options.groups === 2 ? random([3, 3, 1, 4], 2) : w;
    const gradients = (x: Tensor): readonly (Tensor | null)[] => {
      const y = conv(x, kernel, options);
      return backward([y], [x, kernel], [y]).gradients;
    };
    const [wide, known] = [input(spec([2, "2*H", 5, 2])), random([2, 6, 5, 2], 5)];
    const expected = gradients(known).map((g) => evaluated(g!));
    expect(gradients(wide).map((g) => evaluated(g!, [[wide, evaluated(known)]]))).toEqual(expected);
  }
});

test("a gradient of no examples is zero", () => {
  const [x, w] = [constant([], [0, 4, 2]), random([2, 2, 3], 1)];
  const y = conv(x, w);
  const { gradients } = backward([y], [w], [y]);
  expect(evaluated(gradients[0]!)).toEqual(Array(12).fill(0));
});

test("a gradient of the kernel for each example: both operands have examples, whose number may be symbolic", () => {
  for (const options of [{ padding: "same" as const }, { stride: 2, groups: 2 }]) {
    const w = random([3, 2, 2, options.groups === 2 ? 1 : 2, 4], 2);
    const loss = (kernel: Tensor, x: Tensor): Tensor => conv(x.expandDims(0), kernel, options).square().sum();
    const each = vmap(grad(loss), { inAxes: [null, 0] });
    const many = random([2, 5, 4, 3, 2], 1);
    const symbolic = input(spec(["B", 5, 4, 3, 2]));
    const expected = [0, 1].flatMap((i) =>
      evaluated(grad(loss)(w, many.slice({ start: [i], limit: [i + 1] }).squeeze(0))),
    );
    const found = evaluated(each(w, symbolic), [[symbolic, evaluated(many)]]);
    found.forEach((y, i) => {
      expect(y).toBeCloseTo(expected[i]!, 9);
    });
    expect(found.length).toBe(expected.length);
  }
});

test("channels, groups, kernels and options that do not fit are refused with both values", () => {
  const x = iota([1, 5, 5, 3], 0, "float32");
  const w = (...shape: number[]) => iota(shape, 0, "float32");
  expect(refusal(() => conv(x, w(3, 3, 4, 8)))).toMatchInlineSnapshot(`
    "ShapeError E204 nn.conv: x has 3 channels but w takes 4, in (N,*n,C),(*k,C/groups,O)->(N,*o,O).
      x: float32 [1, 5, 5, 3]
      w: float32 [3, 3, 4, 8]
      fix: give w the size 3 along its last axis but one."
  `);
  expect(refusal(() => conv(x, w(3, 3, 1, 8), { groups: 2 }))).toMatchInlineSnapshot(`
    "ShapeError E203 nn.conv: 3 channels of x do not divide into 2 groups.
      x: float32 [1, 5, 5, 3]
      w: float32 [3, 3, 1, 8]"
  `);
  expect(refusal(() => conv(x, w(3, 3, 1, 8), { groups: 3 }))).toMatchInlineSnapshot(`
    "ShapeError E203 nn.conv: 8 channels of the result do not divide into 3 groups.
      x: float32 [1, 5, 5, 3]
      w: float32 [3, 3, 1, 8]"
  `);
  expect(refusal(() => conv(x, w(7, 3, 3, 8)))).toMatchInlineSnapshot(`
    "ShapeError E210 nn.conv: the kernel reaches over 7 places, but axis 1 of x with its padding has 5.
      x: float32 [1, 5, 5, 3]
      w: float32 [7, 3, 3, 8]
      fix: use padding: "same", a smaller kernel, or larger examples."
  `);
  expect(refusal(() => conv(x, w(3, 3, 8)))).toMatchInlineSnapshot(`
    "ShapeError E206 nn.conv: w has rank 3, not 4, in (N,*n,C),(*k,C/groups,O)->(N,*o,O).
      x: float32 [1, 5, 5, 3]
      w: float32 [3, 3, 8]"
  `);
  expect(refusal(() => conv(iota([5, 3], 0, "float32"), w(3, 3, 8)))).toMatchInlineSnapshot(`
    "ShapeError E206 conv: x has rank 2, which is not 3, 4 or 5, in (N,*n,C),(*k,C/groups,O)->(N,*o,O).
      x: float32 [5, 3]
      w: float32 [3, 3, 8]
      fix: reshape x: examples first, then 1 to 3 spatial axes, channels last."
  `);
  expect(refusal(() => conv(x, w(3, 3, 3, 8), { stride: [1, 2, 3] }))).toMatchInlineSnapshot(`
    "OptionError E803 conv: stride has 3 numbers, where the number of spatial axes is 2.
      fix: give a whole number from 1, or a list of 2."
  `);
  expect(refusal(() => conv(x, w(3, 3, 3, 8), { padding: -1 }))).toMatchInlineSnapshot(`
    "OptionError E803 conv: padding is -1.
      fix: give "valid", "same", a whole number from 0, or a list of 2 numbers or pairs."
  `);
  expect(refusal(() => conv(x, w(3, 3, 3, 8), { strides: 2 } as object))).toMatchInlineSnapshot(`
    "OptionError E801 conv: unknown option strides.
      fix: did you mean stride?"
  `);
  const symbolic = input(spec(["B", "W", 3]));
  expect(refusal(() => conv(symbolic, w(3, 3, 8)))).toMatchInlineSnapshot(`
    "ShapeError E210 nn.conv: the kernel reaches over 3 places, and axis 1 of x with its padding may have fewer: W.
      x: float32 [B, W, 3]
      w: float32 [3, 3, 8]
      fix: use padding: "same", or give the symbols ranges from which 3 <= W follows."
  `);
});
