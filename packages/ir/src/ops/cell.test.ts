import { expect, test } from "vitest";
import { constant, gruCell, input, lstmCell, scan, spec, sum } from "../index.ts";
import { refusal } from "../refusal.test-kit.ts";
import { evaluated, stepwise } from "./evaluated.test-kit.ts";

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

test("lstmCell has Keras's order of gates: input, forget, candidate, output", () => {
  const [z, h, c] = [constant([1, 2, 3, 4], [1, 4]), constant([0.5], [1, 1]), constant([2], [1, 1])];
  const [next, cell] = lstmCell(z, h, c, constant([1, 1, 1, 2], [1, 4]));
  const memory = sigmoid(2.5) * 2 + sigmoid(1.5) * Math.tanh(3.5);
  expect(evaluated(cell)[0]).toBeCloseTo(memory, 6);
  expect(evaluated(next)[0]).toBeCloseTo(sigmoid(5) * Math.tanh(memory), 6);
});

test("gruCell has Keras's order of gates: update, reset, candidate", () => {
  const [z, h, kernel] = [constant([1, 2, 3], [1, 3]), constant([0.5], [1, 1]), constant([1, 2, -3], [1, 3])];
  const [u, r] = [sigmoid(1.5), sigmoid(3)];
  const mixed = (g: number): number => u * 0.5 + (1 - u) * g;
  const bias = constant([0, 0, 1]);
  expect(evaluated(gruCell(z, h, kernel, bias))[0]).toBeCloseTo(mixed(Math.tanh(3 + r * -0.5)), 6);
  expect(evaluated(gruCell(z, h, kernel, undefined, { resetAfter: false }))[0]).toBeCloseTo(
    mixed(Math.tanh(3 + r * 0.5 * -3)),
    6,
  );
});

test("gates that are shut or open to the end stay finite", () => {
  const z = constant([1e30, -1e30, 1e30, 1e30], [1, 4]);
  const [next] = lstmCell(z, constant(0, [1, 1]), constant(0, [1, 1]), constant(0, [1, 4]));
  expect(stepwise(next)).toEqual({ values: [Math.fround(Math.tanh(1))], overflows: [] });
});

test("a loop over the steps is a scan that carries the state", () => {
  const [z, kernel] = [input(spec([5, "B", 8])), input(spec([2, 8]))];
  const zeros = constant(0, [z.shape[1]!, 2]);
  const { carry, ys } = scan(
    ([h, c], [x]) => {
      const [next, cell] = lstmCell(x!, h!, c!, kernel);
      return [[next, cell], [next]];
    },
    [zeros, zeros],
    [z],
  );
  expect([...carry, ...ys, sum(ys[0]!)].map(String)).toEqual([
    "Tensor(float32 [B, 2])",
    "Tensor(float32 [B, 2])",
    "Tensor(float32 [5, B, 2])",
    "Tensor(float32 [])",
  ]);
});

test("operands that do not fit each other are refused with both shapes", () => {
  const [h, kernel] = [constant(0, [3, 2]), constant(0, [2, 8])];
  expect(refusal(() => lstmCell(constant(0, [3, 6]), h, h, kernel))).toMatchInlineSnapshot(`
    "ShapeError E203 nn.lstm_cell: z is [3, 6] where [3, 8] is wanted, in (…,4u),(…,u),(…,u),(u,4u)->(…,u),(…,u).
      z: float32 [3, 6]
      h: float32 [3, 2]
      c: float32 [3, 2]
      kernel: float32 [2, 8]
      fix: h has 2 units, of which z and kernel have 4 gates."
  `);
  expect(refusal(() => lstmCell(constant(0, [3, 8]), h, constant(0, [2, 2]), kernel))).toMatchInlineSnapshot(`
    "ShapeError E203 nn.lstm_cell: c is [2, 2] where [3, 2] is wanted, in (…,4u),(…,u),(…,u),(u,4u)->(…,u),(…,u).
      z: float32 [3, 8]
      h: float32 [3, 2]
      c: float32 [2, 2]
      kernel: float32 [2, 8]
      fix: h has 2 units, of which z and kernel have 4 gates."
  `);
  expect(refusal(() => gruCell(constant(0, [3, 6]), h, kernel))).toMatchInlineSnapshot(`
    "ShapeError E203 nn.gru_cell: kernel is [2, 8] where [2, 6] is wanted, in (…,3u),(…,u),(u,3u),(3u)->(…,u).
      z: float32 [3, 6]
      h: float32 [3, 2]
      kernel: float32 [2, 8]
      fix: h has 2 units, of which z and kernel have 3 gates."
  `);
  const bias = constant(0, [6]);
  expect(
    refusal(() => gruCell(constant(0, [3, 6]), h, constant(0, [2, 6]), bias, { resetAfter: false })),
  ).toMatchInlineSnapshot(`
    "OptionError E803 gruCell: a bias is given, which belongs to resetAfter: true.
      bias: float32 [6]
      fix: leave it out, and add a bias to z."
  `);
  expect(
    refusal(() => gruCell(constant(0, [3, 6]), h, constant(0, [2, 6]), bias, { reset: true } as object)),
  ).toMatchInlineSnapshot(`
    "OptionError E801 gruCell: unknown option reset.
      fix: did you mean resetAfter?"
  `);
});
