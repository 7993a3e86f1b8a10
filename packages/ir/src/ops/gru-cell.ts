import { bool } from "../attrs.ts";
import { dimMul } from "../dim.ts";
import { checkOptions, OptionError } from "../errors.ts";
import { applyOp, opRecord } from "../op.ts";
import { checkTensor, commonDType, convertTo, toTensor } from "../promote.ts";
import type { OpRecord } from "../record.ts";
import { fail } from "../rule.ts";
import { normal, samplesOf } from "../sample.ts";
import type { Tensor } from "../tensor.ts";
import { widen } from "../widen.ts";
import { sub } from "./arithmetic.ts";
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
import { sum } from "./reduce.ts";
import { sigmoid } from "./sigmoid.ts";
import { sliceAxis } from "./slice.ts";
import { tanh } from "./trigonometric.ts";
import { isUnused } from "./unused.ts";

const signature = "(…,3u),(…,u),(u,3u),(3u)->(…,u)";

/**
 * One step of a gated recurrent unit. With the thirds of `z` and of `kernel` and `bias` those of the update gate `u`, the
 * reset gate `r` and the candidate `g`, in the order of Keras, `h′ = u·h + (1 − u)·g`, where `u = σ(z_u + h·K_u + b_u)`,
 * `r = σ(z_r + h·K_r + b_r)`, and `g = tanh(z_g + r·(h·K_g + b_g))` with `resetAfter`, `g = tanh(z_g + (r·h)·K_g)`
 * without, which has no bias. Then what the backward pass reads: `u`, `r`, `g`, and `h·K_g + b_g` or `r·h`.
 * (…, 3u), (…, u), (u, 3u), (3u) → (…, u), 4 of (…, u)
 *
 * `z` is what the inputs of the step contribute, `x·W + b`, computed for all steps at once outside of the loop. 16-bit
 * floats are computed in float32. Cho et al. 2014, Learning phrase representations using RNN encoder-decoder,
 * arXiv:1406.1078; that the reset comes after the product makes it one product per step.
 */
export const gruCellOp: OpRecord = opRecord({
  name: "nn.gru_cell",
  version: 1,
  numeric: "accumulate",
  inputs: ["z", "h", "kernel", "...bias"],
  results: ["h", "u", "r", "g", "inner"],
  attrs: { resetAfter: bool(true), mul: precisionAttr() },
  type([z, h, kernel, ...bias], { resetAfter }) {
    if (bias.length > (resetAfter ? 1 : 0))
      fail("E209", `${bias.length + 3} operands given, at most ${resetAfter ? 4 : "3 without resetAfter"} wanted`);
    checkOneDType({ z, h, kernel, ...(bias[0] && { bias: bias[0] }) });
    checkCell(h, 3, signature, ({ rows, units, gates }) => [
      ["z", z, [...rows, gates]],
      ["kernel", kernel, [units, gates]],
      ...bias.map((b) => ["bias", b, [gates]] as const),
    ]);
    return Array.from({ length: 5 }, () => ({ dtype: h.dtype, shape: h.shape }));
  },
  decompose([z, h, kernel, ...bias], { resetAfter, mul }) {
    const units = h.shape.at(-1)!;
    const [state, [zu, zr, zg]] = [widen(h), gatesOf(widen(z), units, 3)];
    const product = widen(rowsTimes(h, resetAfter ? kernel : sliceAxis(kernel, 1, 0, dimMul(units, 2)), mul));
    const [hu, hr, hg] = gatesOf(
      bias[0] === undefined ? product : product.add(widen(bias[0])),
      units,
      resetAfter ? 3 : 2,
    );
    const [u, r] = [sigmoid(zu!.add(hu!)), sigmoid(zr!.add(hr!))];
    const inner = resetAfter ? hg! : convertTo(r.mul(state), h.dtype);
    const fromState = resetAfter ? r.mul(inner) : widen(rowsTimes(inner, sliceAxis(kernel, 1, dimMul(units, 2)), mul));
    const g = tanh(zg!.add(fromState));
    return [u.mul(state).add(sub(1, u).mul(g)), u, r, g, inner].map((t) => convertTo(t, h.dtype));
  },
  vjp([_z, h, kernel, ...bias], [_h, ...saved], [dh, ...direct], { resetAfter, mul }) {
    const twoThirds = dimMul(h.shape.at(-1)!, 2);
    const [u, r, g, inner] = saved.map(widen) as [Tensor, Tensor, Tensor, Tensor];
    const [state, dy] = [widen(h), widen(dh)];
    const plus = (x: Tensor, k: number): Tensor => (isUnused(direct[k]!) ? x : x.add(widen(direct[k]!)));
    const narrow = (x: Tensor): Tensor => convertTo(x, h.dtype);
    const du = narrow(plus(dy.mul(state.sub(g)), 0).mul(sigmoidSlope(u)));
    const dg = narrow(plus(dy.mul(sub(1, u)), 2).mul(tanhSlope(g)));
    const last = sliceAxis(kernel, 1, twoThirds);
    const dInner = plus(resetAfter ? widen(dg).mul(r) : widen(rowsTimesTransposed(dg, last, mul)), 3);
    const dr = narrow(plus(resetAfter ? widen(dg).mul(inner) : dInner.mul(state), 1).mul(sigmoidSlope(r)));
    const dz = concat([du, dr, dg], { axis: -1 });
    const kept = dy.mul(u); // what h′ takes over from h
    if (resetAfter) {
      const dProduct = concat([du, dr, narrow(dInner)], { axis: -1 });
      const dState = kept.add(widen(rowsTimesTransposed(dProduct, kernel, mul)));
      const dBias = bias.map(() => narrow(sum(widen(dProduct), { axis: rowsOf(h) })));
      return [dz, narrow(dState), outerSum(h, dProduct, mul), ...dBias];
    }
    const dGates = concat([du, dr], { axis: -1 });
    const fromGates = widen(rowsTimesTransposed(dGates, sliceAxis(kernel, 1, 0, twoThirds), mul));
    const dKernel = concat([outerSum(h, dGates, mul), outerSum(narrow(inner), dg, mul)], { axis: 1 });
    return [dz, narrow(kept.add(fromGates).add(dInner.mul(r))), dKernel];
  },
});

const rowsOf = (h: Tensor): number[] => h.shape.slice(0, -1).map((_, i) => i);

export interface GruCellOptions {
  /** Whether the reset gate comes after the product with the candidate's kernel, as in cuDNN and Keras; true by default. */
  readonly resetAfter?: boolean;
}

/**
 * One step of a gated recurrent unit, the gates in Keras's order `z, r, h`: the next `h`. `z = x·W + b` is computed
 * outside, best for all steps at once; `bias` is the recurrent one of `resetAfter`. (…, 3u), (…, u), (u, 3u), (3u) → (…, u)
 */
export function gruCell(z: Tensor, h: Tensor, kernel: Tensor, bias?: Tensor, options: GruCellOptions = {}): Tensor {
  const given = { z, h, kernel, ...(bias !== undefined && { bias }) };
  for (const [name, x] of Object.entries(given)) checkTensor("gruCell", name, x);
  checkOptions("gruCell", options, ["resetAfter"]);
  if (bias !== undefined && options.resetAfter === false) {
    throw new OptionError("E803", "gruCell", "a bias is given, which belongs to resetAfter: true", {
      operands: { bias },
      fix: "leave it out, and add a bias to z",
    });
  }
  const operands = Object.values(given);
  const dtype = commonDType(gruCellOp, operands, "float");
  const mul = dtype === "float32" ? currentPrecision() : "same";
  return applyOp(
    gruCellOp,
    operands.map((x) => toTensor("gruCell", x, dtype)),
    { ...options, mul },
  )[0]!;
}

export const gruCellSamples = () =>
  samplesOf(gruCellOp, [
    [normal([3, 6]), normal([3, 2]), normal([2, 6]), normal([6])],
    [normal([3, 6]), normal([3, 2]), normal([2, 6])],
    [normal([3, 6]), normal([3, 2]), normal([2, 6]), { resetAfter: false }],
    [normal([9]), normal([3]), normal([3, 9]), normal([9])],
    [...[[2, 6], [2, 2], [2, 6], [6]].map((shape) => normal(shape, { dtype: "float16" }))],
    [normal([0, 6]), normal([0, 2]), normal([2, 6]), { resetAfter: false }],
  ]);
