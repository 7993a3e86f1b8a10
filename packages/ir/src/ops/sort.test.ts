import { backward, forward } from "@tenon/autograd";
import { expect, test } from "vitest";
import { argsort, constant, input, sort, sortWith, spec, type Tensor, topologicalOrder } from "../index.ts";
import { refusal } from "../refusal.test-kit.ts";
import { evaluated } from "./evaluated.test-kit.ts";

test("NaN stands last in both directions, and equal entries keep their order", () => {
  const x = constant([0, NaN, 2, -0, 1, NaN]);
  expect(evaluated(sort(x))).toEqual([0, -0, 1, 2, NaN, NaN]);
  expect(evaluated(sort(x, { descending: true }))).toEqual([2, 1, 0, -0, NaN, NaN]);
  expect(evaluated(argsort(x, { descending: true }))).toEqual([2, 4, 0, 3, 1, 5]);
});

test("payloads take the order of the key, along any axis", () => {
  const key = constant([3, 1, 2, 5, 9, 4], [3, 2]);
  const [sorted, payload] = sortWith(key, [constant([0, 1, 2, 3, 4, 5], [3, 2], "int32")], { axis: 0 });
  expect(evaluated(sorted!)).toEqual([2, 1, 3, 4, 9, 5]);
  expect(evaluated(payload!)).toEqual([2, 1, 0, 5, 4, 3]);
});

const sorts = (roots: readonly Tensor[]): number =>
  topologicalOrder(roots).filter((node) => node.op.name === "sort").length;

test("the gradient goes back to where each entry stood, and nothing is sorted twice", () => {
  const x = input(spec([4]));
  const y = sort(x);
  const { outputs, gradients } = backward([y], [x], [constant([1, 2, 3, 4])]);
  expect(evaluated(gradients[0]!, [[x, [5, 2, 2, 9]]])).toEqual([3, 1, 2, 4]);
  expect(sorts([...outputs, ...gradients.map((t) => t!)])).toBe(1);
  const ahead = forward([y], [x], [constant([1, 2, 3, 4])]);
  expect(evaluated(ahead.tangents[0]!, [[x, [5, 2, 2, 9]]])).toEqual([2, 3, 1, 4]);
  expect(sorts([...ahead.outputs, ...ahead.tangents.map((t) => t!)])).toBe(1);
});

test("a payload has the shape of the key", () => {
  expect(refusal(() => sortWith(constant([1, 2]), [constant([1, 2, 3])]))).toMatchInlineSnapshot(`
    "ShapeError E202 sort: payload 0 has shape [3] but the key has [2].
      key: float32 [2]
      payloads[0]: float32 [3]"
  `);
});
