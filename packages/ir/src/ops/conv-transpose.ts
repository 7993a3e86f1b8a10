import { dimAdd, dimAtMost, dimMul, dimSub, sameDim } from "../dim.ts";
import { checkOptions, OptionError } from "../errors.ts";
import { checkTensor, commonDType, toTensor } from "../promote.ts";
import { checked, fail } from "../rule.ts";
import { normal, samplesOf } from "../sample.ts";
import type { Tensor } from "../tensor.ts";
import { type ConvOptions, convOp, correlate, turned } from "./conv.ts";
import { currentPrecision } from "./matmul.ts";
import { perAxis, reachOf, spatialAxes, widthsOf } from "./spatial.ts";

const signature = "(N,*n,C),(*k,O/groups,C)->(N,*o,O)";

export interface ConvTransposeOptions extends ConvOptions {
  /** So many more places at the end, of those that the convolution would not reach; less than the stride. */
  readonly outputPadding?: number | readonly number[];
}

/**
 * The transpose of a convolution: what `conv` with the same options, from y to x, would have for a gradient in y. It makes
 * more places of fewer, in 1 to 3 dimensions, channels last. (N, *n, C), (*k, O/groups, C) → (N, *o, O)
 *
 * `o = (n − 1)·stride + dilation·(k − 1) + 1 − lo − hi + outputPadding`; with `"same"`, `o = n·stride`, or, with an
 * `outputPadding`, what Keras makes of it. Zeiler et al. 2010, Deconvolutional networks; Dumoulin & Visin 2016, arXiv:1603.07285.
 */
export function convTranspose(x: Tensor, w: Tensor, options: ConvTransposeOptions = {}): Tensor {
  const name = "convTranspose";
  checkTensor(name, "x", x);
  checkTensor(name, "w", w);
  checkOptions(name, options, ["stride", "padding", "outputPadding", "dilation", "groups"]);
  const dtype = commonDType(convOp, [x, w], "number");
  const refusing = <T>(checks: () => T): T => checked(name, { x, w }, () => undefined, checks);
  const axes = refusing(() => spatialAxes(x, signature));
  const stride = perAxis(name, "stride", options.stride ?? 1, axes);
  const dilation = perAxis(name, "dilation", options.dilation ?? 1, axes);
  const [groups] = perAxis(name, "groups", options.groups ?? 1, 1);
  const extra =
    options.outputPadding === undefined ? undefined : perAxis(name, "outputPadding", options.outputPadding, axes, 0);
  const tooMany = extra?.findIndex((n, i) => n >= Math.max(stride[i]!, dilation[i]!)) ?? -1;
  if (tooMany >= 0)
    throw new OptionError(
      "E803",
      name,
      `outputPadding is ${extra![tooMany]}, not below the stride ${stride[tooMany]}`,
      {
        fix: "pad the result, or use a larger stride",
      },
    );
  const reach = refusing(() => checkKernel(x, w, groups!, dilation));
  const cut = cuts(reach, stride, extra, options.padding ?? "valid");
  const lo = cut.map(([first], i) => reach[i]! - 1 - first);
  const hi = cut.map(([, last], i) => reach[i]! - 1 - last);
  refusing(() => {
    for (const [i, l] of lo.entries()) {
      const places = dimAdd(dimMul(dimSub(x.shape[i + 1]!, 1), stride[i]!), 1 + l + hi[i]! - (reach[i]! - 1));
      if (!dimAtMost(1, places))
        fail("E210", `with its padding axis ${i + 1} of the result has size ${places}`, "pad by less");
    }
  });
  return correlate(toTensor(name, x, dtype), turned(toTensor(name, w, dtype), groups!), {
    stride: stride.map(() => 1),
    lo,
    hi,
    lhsDilation: stride,
    rhsDilation: dilation,
    groups: groups!,
    mul: dtype === "float32" ? currentPrecision() : "same",
  });
}

/** Refuses kernels that do not fit x; over how many places along each axis the others reach. */
function checkKernel(x: Tensor, w: Tensor, groups: number, dilation: readonly number[]): readonly number[] {
  if (w.rank !== x.rank) fail("E206", `w has rank ${w.rank}, not ${x.rank}, in ${signature}`);
  const [channels, taken] = [x.shape.at(-1)!, w.shape.at(-1)!];
  if (!sameDim(channels, taken))
    fail(
      "E204",
      `x has ${channels} channels but w takes ${taken}, in ${signature}`,
      `give w the size ${channels} along its last axis`,
    );
  if (typeof channels === "number" && channels % groups !== 0)
    fail("E203", `${channels} channels of x do not divide into ${groups} groups`);
  return dilation.map((d, i) => {
    const size = w.shape[i]!;
    if (typeof size !== "number" || size < 1)
      return fail("E206", `axis ${i} of w has size ${size}, not a number from 1`);
    return reachOf(size, d);
  });
}

/** How many places are cut off the whole result, `(n − 1)·stride + reach`, at both ends of each axis; less than 0 where some are added. */
function cuts(
  reach: readonly number[],
  stride: readonly number[],
  extra: readonly number[] | undefined,
  padding: NonNullable<ConvOptions["padding"]>,
): readonly (readonly [first: number, last: number])[] {
  if (padding === "same") {
    // Keras: n·stride places, or (n − 1)·stride + reach − 2·⌊reach / 2⌋ + outputPadding
    return reach.map((r, i) => {
      const total = extra === undefined ? r - stride[i]! : r - (r % 2) - extra[i]!;
      const first = Math.floor(Math.max(total, 0) / 2);
      return [first, total - first];
    });
  }
  const { lo, hi } = widthsOf("convTranspose", padding, reach, reach, stride);
  return reach.map((_, i) => [Number(lo[i]), Number(hi[i]) - (extra?.[i] ?? 0)]);
}

export const convTransposeSamples = () =>
  samplesOf(convTranspose, [
    [normal([2, 3, 2, 2]), normal([3, 2, 3, 2]), { stride: 2, padding: "same" }],
    [normal([1, 4, 4]), normal([3, 1, 4]), { stride: 3, padding: [[3, 1]], dilation: 2, outputPadding: 1, groups: 2 }],
    [normal([1, 2, 2, 1, 2]), normal([2, 1, 2, 3, 2]), { stride: [1, 2, 1] }],
  ]);
