import "@tenon/interpreter";
import { add, average, concatenate, input, Layer, maximum, minimum, model, multiply, subtract } from "@tenon/layers";
import { key, ones, setBackend, spec, type Tensor, tensor, zeros } from "@tenon/tensor";
import { beforeAll, describe, expect, test } from "vitest";
import { built, insideWith, list } from "./inside.test-kit.ts";

beforeAll(() => setBackend("interpreter"));

const [x, y, z] = [tensor([[1, -2]]), tensor([[3, 4]]), tensor([[-5, 6]])];

test.each([
  ["add", add, [-1, 8]],
  ["multiply", multiply, [-15, -48]],
  ["average", average, [-1 / 3, 8 / 3].map(Math.fround)],
  ["maximum", maximum, [3, 6]],
  ["minimum", minimum, [-5, -2]],
])("%s takes several inputs", async (kind, make, expected) => {
  const layer = built(make(), spec(["B", 2]), spec(["B", 2]), spec(["B", 2]));
  expect(await list(layer.call([x, y, z]))).toEqual(expected);
  expect([layer.kind, layer.describe()]).toEqual([kind, kind]);
});

test("subtract takes the second from the first", async () => {
  expect(await list(subtract().call([x, y]))).toEqual([-2, -6]);
});

test("inputs may be a record", async () => {
  expect(await list(add().call({ left: x, right: y }))).toEqual([4, 2]);
});

describe("shapes", () => {
  test("with sizes of 1 are repeated, and missing axes come after that of the examples", () => {
    expect(add().call([ones([2, 1, 3]), ones([2, 4, 1])]).shape).toEqual([2, 4, 3]);
    const gated = multiply().call([
      zeros([2, 5, 6, 3]),
      tensor([
        [1, 2, 3],
        [4, 5, 6],
      ]),
    ]);
    expect(gated.shape).toEqual([2, 5, 6, 3]);
  });

  test("that do not fit are refused", () => {
    expect(() => insideWith(add(), spec(["B", 3]), spec(["B", 3]), spec(["B", 4]))).toThrowErrorMatchingInlineSnapshot(`
      [ShapeError E203 add: inputs[2] is [B, 4], which does not fit [B, 3].
        inputs[0]: float32 [B, 3]
        inputs[1]: float32 [B, 3]
        inputs[2]: float32 [B, 4]
        at: head (merge.test.ts:45)
        fix: give all inputs one shape, or sizes of 1 where they are to be repeated.]
    `);
    expect(() => insideWith(maximum(), spec(["B", 3]), spec(["N", 3]))).toThrow("E203");
  });
});

test("another number of inputs is refused", () => {
  expect(() => subtract().call([x, y, z])).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 subtract: the list has 3 inputs where 2 are wanted.
      fix: give a list, as in subtract().call([x, y]).]
  `);
  expect(() => subtract().call(x as never)).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 subtract: the input is one tensor where 2 are wanted.
      fix: give a list, as in subtract().call([x, y]).]
  `);
  expect(() => add().call([])).toThrow("E803");
});

test("a merge takes nodes of a graph", async () => {
  const [a, b] = [input([2]), input([2])];
  const net = model({ inputs: [a, b], outputs: concatenate().on([add().on([a, b]), subtract().on([a, b])]) });
  expect(await list(net.build({ key: key(0) }).call([x, y]))).toEqual([4, 2, -2, -6]);
});

test("a merge is a layer like others in a model of one's own", () => {
  class Net extends Layer<readonly Tensor[]> {
    sum = add();
    override forward(xs: readonly Tensor[]): Tensor {
      return this.sum.call(xs);
    }
  }
  expect(built(new Net(), spec(["B", 2]), spec(["B", 2])).sum.path).toBe("sum");
});
