import {
  activation,
  batchNorm,
  dense,
  embedding,
  flatten,
  type Layer,
  layerNorm,
  reshape,
  sequential,
} from "@tenon/layers";
import { key, relu, spec, type TensorType, zeros } from "@tenon/tensor";
import { describe, expect, test } from "vitest";

const build = (layer: Layer, inputs: TensorType) => layer.build({ key: key(0), inputs });
const inModel = (layer: Layer, inputs: TensorType) => () => build(sequential({ encoder: sequential([layer]) }), inputs);

describe("sizes and ranks that do not fit name the layer", () => {
  test("when it is built", () => {
    expect(inModel(dense(2), spec([]))).toThrowErrorMatchingInlineSnapshot(`
      [ShapeError E206 dense: the input has rank 0, and no axis -1.
        x: float32 []
        at: encoder.dense1 (mistakes.test.ts:15)
        fix: give an input with more axes.]
    `);
    expect(inModel(dense(2), spec(["B", "F"]))).toThrowErrorMatchingInlineSnapshot(`
      [ShapeError E203 dense: axis 1 has the size F, and Variables need a number.
        x: float32 [B, F]
        at: encoder.dense1 (mistakes.test.ts:15)
        fix: give inputs a number for F.]
    `);
    expect(inModel(layerNorm({ axis: 2 }), spec(["B", 3]))).toThrowErrorMatchingInlineSnapshot(`
      [ShapeError E205 layerNorm: axis 2 is outside rank 2.
        x: float32 [B, 3]
        at: encoder.layerNorm1 (mistakes.test.ts:15)
        fix: choose another axis, or give more axes.]
    `);
    expect(inModel(batchNorm({ axis: 4 }), spec(["B", 3]))).toThrow("E206");
    expect(inModel(reshape([7]), spec(["B", 3]))).toThrow(/at: encoder\.reshape1 \(mistakes\.test\.ts/);
    expect(inModel(flatten(), spec([]))).toThrowErrorMatchingInlineSnapshot(`
      [ShapeError E206 flatten: the input has rank 0, and no axis of examples.
        x: float32 []
        at: encoder.flatten1 (mistakes.test.ts:15)
        fix: give it a batch of examples.]
    `);
    expect(inModel(embedding(3, 2), spec(["B"]))).toThrowErrorMatchingInlineSnapshot(`
      [DTypeError E201 embedding: the input is float32 where whole numbers are wanted.
        x: float32 [B]
        at: encoder.embedding1
        fix: make it int32, as in spec(["B"], "int32").]
    `);
  });

  test("when it is called", () => {
    expect(() => build(layerNorm(), spec(["B", 3])).call(zeros([2, 4]))).toThrowErrorMatchingInlineSnapshot(`
      [ShapeError E204 layerNorm: the axes from -1 on are [4] but the layer was built for [3].
        x: float32 [2, 4]
        at: mistakes.test.ts:55
        fix: give it the shape that it was built for.]
    `);
    expect(() => build(batchNorm(), spec(["B", 3])).call(zeros([2, 4]))).toThrowErrorMatchingInlineSnapshot(`
      [ShapeError E204 batchNorm: axis -1 has 4 channels but the layer was built for 3.
        x: float32 [2, 4]
        at: mistakes.test.ts:61
        fix: give it 3 channels.]
    `);
    expect(() => build(dense(2), spec(["B", 3])).call(zeros([]))).toThrow("the input has rank 0");
  });
});

describe("options", () => {
  test("that are unknown suggest the right one", () => {
    expect(() => dense(2, { kernelint: "zeros" } as never)).toThrow("did you mean kernelInit?");
    expect(() => dense(2, { bias: false } as never)).toThrow("E801");
    expect(() => batchNorm({ epsilon: 1 } as never)).toThrow("unknown option epsilon");
    expect(() => layerNorm({ Axis: 1 } as never)).toThrow("did you mean axis?");
    expect(() => embedding(2, 2, { initial: "zeros" } as never)).toThrow("E801");
  });

  test("outside their range are refused", () => {
    expect(() => dense(0)).toThrowErrorMatchingInlineSnapshot(`
      [OptionError E803 dense: units is 0, which is no whole number from 1.
        fix: give a number such as dense(10).]
    `);
    expect(() => dense({ units: 3 } as never)).toThrow("units is an object");
    expect(() => dense(2, "relu" as never)).toThrow("E803");
    expect(() => embedding(2.5, 2)).toThrow("rows is 2.5");
    expect(() => batchNorm({ momentum: 2 })).toThrow("momentum is 2, which is no number from 0 to 1");
    expect(() => reshape(7 as never)).toThrow("E803");
    expect(() => reshape([2, 0.5])).toThrow("the shape has 0.5, which is no size");
  });
});

test("a misspelt activation suggests the right one", () => {
  expect(() => activation("leaky_relu" as never)).toThrow("did you mean leakyRelu?");
  expect(() => dense(2, { activation: "sigmiod" as never })).toThrow("did you mean sigmoid?");
  expect(() => dense(2, { activation: "xyz" as never })).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 dense: activation is "xyz", which is neither a known name nor a function.
      fix: use one of linear, relu, relu6, leakyRelu, elu, selu, gelu, silu, hardSilu, mish, softplus, softsign, tanh, hardTanh, sigmoid, hardSigmoid, exponential, softmax, logSoftmax.]
  `);
});

test("sequential takes layers, in a list or by name", () => {
  expect(() => sequential([relu] as never)).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 sequential: layer 0 is a function, which is no layer.
      fix: make one of it: activation(f) for a function of a tensor.]
  `);
  expect(() => sequential(dense(2) as never)).toThrow("which is no list");
  expect(() => sequential([dense(2), "relu"] as never)).toThrow('layer 1 is "relu", which is no layer');
});
