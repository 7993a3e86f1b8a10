import { applyOp, opRecord } from "../op.ts";
import { checkTensor, commonDType, convertTo, toTensor } from "../promote.ts";
import type { OpRecord } from "../record.ts";
import { normal, samplesOf, values } from "../sample.ts";
import type { Tensor } from "../tensor.ts";
import { widen } from "../widen.ts";
import {
  checkCell,
  checkOneDType,
  gatesOf,
  outerSum,
  precisionAttr,
  rowsTimes,
  rowsTimesTransposed,
  sigmoidSlope,
  tanhSlope,
} from "./cell.ts";
import { concat } from "./concat.ts";
import { currentPrecision } from "./matmul.ts";
import { sigmoid } from "./sigmoid.ts";
import { tanh } from "./trigonometric.ts";
import { isUnused } from "./unused.ts";

const signature = "(…,4u),(…,u),(…,u),(u,4u)->(…,u),(…,u)";

/**
 * One step of a long short-term memory. With `i, f, g, o` the quarters of `z + h·kernel`, the input, forget, candidate and
 * output gates in the order of Keras, `c′ = σ(f)·c + σ(i)·tanh(g)` and `h′ = σ(o)·tanh(c′)`; and the four gates behind
 * their activations, which the backward pass reads. (…, 4u), (…, u), (…, u), (u, 4u) → (…, u), (…, u), 4 of (…, u)
 *
 * `z` is what the inputs of the step contribute, `x·W + b`, computed for all steps at once outside of the loop. 16-bit
 * floats are computed in float32. Hochreiter & Schmidhuber 1997, Long short-term memory; the forget gate is of Gers,
 * Schmidhuber & Cummins 2000, Learning to forget.
 */
export const lstmCellOp: OpRecord = opRecord({
  name: "nn.lstm_cell",
  version: 1,
  numeric: "accumulate",
  inputs: ["z", "h", "c", "kernel"],
  results: ["h", "c", "i", "f", "g", "o"],
  attrs: { mul: precisionAttr() },
  type([z, h, c, kernel]) {
    checkOneDType({ z, h, c, kernel });
    checkCell(h, 4, signature, ({ rows, units, gates }) => [
      ["z", z, [...rows, gates]],
      ["c", c, [...rows, units]],
      ["kernel", kernel, [units, gates]],
    ]);
    return Array.from({ length: 6 }, () => ({ dtype: h.dtype, shape: h.shape }));
  },
  decompose([z, h, c, kernel], { mul }) {
    const a = widen(z).add(widen(rowsTimes(h, kernel, mul)));
    const [ai, af, ag, ao] = gatesOf(a, h.shape.at(-1)!, 4);
    const [i, f, g, o] = [sigmoid(ai!), sigmoid(af!), tanh(ag!), sigmoid(ao!)];
    const next = f.mul(widen(c)).add(i.mul(g));
    return [o.mul(tanh(next)), next, i, f, g, o].map((t) => convertTo(t, h.dtype));
  },
  vjp([_z, h, c, kernel], [_h, next, ...gates], [dh, dc, ...dGates], { mul }) {
    const [i, f, g, o] = gates.map(widen) as [Tensor, Tensor, Tensor, Tensor];
    const t = tanh(widen(next));
    const dNext = widen(dc).add(widen(dh).mul(o).mul(tanhSlope(t)));
    const parts = [dNext.mul(g), dNext.mul(widen(c)), dNext.mul(i), widen(dh).mul(t)];
    const slopes = [sigmoidSlope(i), sigmoidSlope(f), tanhSlope(g), sigmoidSlope(o)];
    const dz = concat(
      parts.map((part, k) => {
        const direct = dGates[k]!;
        return convertTo((isUnused(direct) ? part : part.add(widen(direct))).mul(slopes[k]!), h.dtype);
      }),
      { axis: -1 },
    );
    return [dz, rowsTimesTransposed(dz, kernel, mul), convertTo(dNext.mul(f), c.dtype), outerSum(h, dz, mul)];
  },
});

/**
 * One step of a long short-term memory, the gates in Keras's order `i, f, c, o`: the next `h` and `c`. `z = x·W + b` is
 * computed outside, best for all steps at once. (…, 4u), (…, u), (…, u), (u, 4u) → (…, u), (…, u)
 */
export function lstmCell(z: Tensor, h: Tensor, c: Tensor, kernel: Tensor): [h: Tensor, c: Tensor] {
  const given = { z, h, c, kernel };
  for (const [name, x] of Object.entries(given)) checkTensor("lstmCell", name, x);
  const operands = Object.values(given);
  const dtype = commonDType(lstmCellOp, operands, "float");
  const mul = dtype === "float32" ? currentPrecision() : "same";
  const [next, cell] = applyOp(
    lstmCellOp,
    operands.map((x) => toTensor("lstmCell", x, dtype)),
    { mul },
  );
  return [next!, cell!];
}

export const lstmCellSamples = () =>
  samplesOf(lstmCellOp, [
    [normal([3, 8]), normal([3, 2]), normal([3, 2]), normal([2, 8])],
    [normal([12]), normal([3]), normal([3]), normal([3, 12])],
    [values([100, -100, 100, -100, 100, -100, 100, -100], [2, 4]), normal([2, 1]), normal([2, 1]), normal([1, 4])],
    [0, 1, 2, 3].map((k) =>
      normal(
        [
          [2, 8],
          [2, 2],
          [2, 2],
          [2, 8],
        ][k]!,
        { dtype: "float16" },
      ),
    ),
    [normal([0, 8]), normal([0, 2]), normal([0, 2]), normal([2, 8])],
  ]);
