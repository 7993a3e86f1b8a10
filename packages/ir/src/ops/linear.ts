import { choice, dtypeAttr } from "../attrs.ts";
import { accumulator } from "../dtype.ts";
import { checkOptions } from "../errors.ts";
import { applyOp, opRecord } from "../op.ts";
import { commonDType, toTensor } from "../promote.ts";
import type { OpRecord } from "../record.ts";
import { accepts, classWords, fail, failDType } from "../rule.ts";
import { normal, samplesOf } from "../sample.ts";
import { matchSignature } from "../signature.ts";
import type { Tensor } from "../tensor.ts";
import { dotOp } from "./dot.ts";
import { gelu } from "./gelu.ts";
import { currentPrecision, type DotOptions } from "./matmul.ts";
import { relu } from "./relu.ts";
import { sigmoid } from "./sigmoid.ts";
import { silu } from "./silu.ts";
import { softplus } from "./softplus.ts";
import { tanh } from "./trigonometric.ts";

const activations = ["none", "relu", "sigmoid", "tanh", "silu", "gelu", "gelu_tanh", "softplus"] as const;
export type LinearActivation = (typeof activations)[number];

const activate: Readonly<Record<LinearActivation, (x: Tensor) => Tensor>> = {
  none: (x) => x,
  relu: (x) => relu(x),
  sigmoid: (x) => sigmoid(x),
  tanh: (x) => tanh(x),
  silu: (x) => silu(x),
  gelu: (x) => gelu(x),
  gelu_tanh: (x) => gelu(x, { approximate: "tanh" }),
  softplus: (x) => softplus(x),
};

/**
 * Affine map of the last axis and an activation, `act(x·w + b)`: what a matrix product can do before it stores its
 * result. (…, in), (in, out), (out) → (…, out). The bias may be left out. `acc` and `mul` are those of `dot`.
 */
export const linearOp: OpRecord = opRecord({
  name: "nn.linear",
  version: 1,
  numeric: "accumulate",
  inputs: ["x", "w", "...bias"],
  attrs: {
    act: choice(activations, "none"),
    acc: dtypeAttr((args) => accumulator(args[0]!.dtype)),
    mul: choice(["same", "tf32", "bf16"], "same"),
  },
  type([x, w, ...bias]) {
    if (bias.length > 1) fail("E209", `${bias.length + 2} operands given, at most 3 wanted`);
    if (!accepts("float", x.dtype)) failDType(`x is ${x.dtype} where ${classWords.float} is wanted`);
    for (const [name, { dtype }] of [["w", w], ...bias.map((b) => ["bias", b] as const)] as const) {
      if (dtype !== x.dtype) failDType(`x is ${x.dtype} but ${name} is ${dtype}`, "convert one of them");
    }
    if (w.shape.length !== 2) fail("E206", `w has rank ${w.shape.length}, not 2, in ${signature(bias.length)}`);
    if (bias.length > 0 && bias[0]!.shape.length !== 1)
      fail("E206", `bias has rank ${bias[0]!.shape.length}, not 1, in ${signature(1)}`);
    const { loop, sizes } = matchSignature(signature(bias.length), ["x", "w", "bias"], [x, w, ...bias]);
    return { dtype: x.dtype, shape: [...loop, sizes.get("out")!] };
  },
  decompose([x, w, ...bias], { act, acc, mul }) {
    const y = applyOp(dotOp, [x, w], { contract: [[x.rank - 1], [0]], acc, mul })[0]!;
    return activate[act](bias.length === 0 ? y : y.add(bias[0]!));
  },
});

const signature = (biases: number): string => (biases === 0 ? "(in),(in,out)->(out)" : "(in),(in,out),(out)->(out)");

export interface LinearOptions extends DotOptions {
  readonly bias?: Tensor;
  readonly act?: LinearActivation;
}

/** `act(x·w + bias)`, a matrix product with its epilogue. (…, in), (in, out) → (…, out) */
export function linear(x: Tensor, w: Tensor, settings: LinearOptions = {}): Tensor {
  checkOptions("linear", settings, ["bias", "act", "acc", "mul"]);
  const { bias, ...options } = settings;
  const given = bias === undefined ? [x, w] : [x, w, bias];
  const dtype = commonDType(linearOp, given, "float");
  const mul = options.mul ?? (dtype === "float32" ? currentPrecision() : "same");
  return applyOp(
    linearOp,
    given.map((t) => toTensor("linear", t, dtype)),
    { ...options, mul },
  )[0]!;
}

export const linearSamples = () =>
  samplesOf(linearOp, [
    [normal([4, 3]), normal([3, 2])],
    [normal([2, 4, 3]), normal([3, 2]), normal([2])],
    [normal([3]), normal([3, 2]), normal([2])],
    ...activations.map((act) => [normal([4, 3]), normal([3, 2]), normal([2]), { act }] as const),
    [normal([4, 3], { dtype: "float16" }), normal([3, 2], { dtype: "float16" })],
    [normal([2, 0]), normal([0, 3]), normal([3])],
  ]);
