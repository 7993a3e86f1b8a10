import { type AttrKind, bool, float } from "../attrs.ts";
import type { Batching } from "../beside.ts";
import { accumulator } from "../dtype.ts";
import { checkOptions, ShapeError } from "../errors.ts";
import { applyOp, opRecord } from "../op.ts";
import { alignBatch, broadcastShape, checkTensor, convertTo } from "../promote.ts";
import type { Operand, OpRecord } from "../record.ts";
import { currentPlace, elementwiseType, fail, failDType } from "../rule.ts";
import { integers, normal, samplesOf, values } from "../sample.ts";
import { sameShape, shapeText } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { toFloat, widen } from "../widen.ts";
import { neg } from "./arithmetic.ts";
import { stack } from "./concat.ts";
import { constant, iota } from "./constant.ts";
import { toIndices } from "./indexing.ts";
import { reshape, squeeze } from "./reshape.ts";
import { sliceAxis } from "./slice.ts";
import { cos, sin } from "./trigonometric.ts";

const above0: AttrKind<number> = {
  ...float(10_000), // of the paper
  expected: "a number above 0",
  normalize: (v) => (typeof v === "number" && v > 0 && v < Infinity ? v : undefined),
};

const signature = "(…,t,h,d),(…,t)->(…,t,h,d)";

/**
 * Rotary position embedding: the features of each head in pairs, pair `i` at position `p` turned by the angle
 * `p·base^(−2i/d)`, so that products of two heads depend on the distance of their positions. A pair is feature `i` and
 * feature `i + d/2`, or with `interleaved` features `2i` and `2i + 1`. The positions are those of all examples, (t), or of
 * each. (…, t, h, d), (t) or (…, t) → (…, t, h, d)
 *
 * Su et al. 2021, RoFormer, arXiv:2104.09864, eq. 34; in halves as in GPT-NeoX and Llama. The derivative turns back.
 */
export const ropeOp: OpRecord = opRecord({
  name: "nn.rope",
  version: 1,
  numeric: "accumulate",
  inputs: ["x", "positions"],
  attrs: { base: above0, interleaved: bool(false) },
  type([x, positions]) {
    elementwiseType([x], "float", ["x"]);
    if (x.shape.length < 3) fail("E206", `x has rank ${x.shape.length}, below 3, in ${signature}`);
    const depth = x.shape.at(-1)!;
    if (typeof depth !== "number" || depth % 2 !== 0)
      fail("E203", `d is ${depth}, which are no pairs of features, in ${signature}`, "use an even number of features");
    if (positions.dtype !== "int32")
      failDType(`positions are ${positions.dtype} where int32 is wanted`, "convert them");
    const each = x.shape.slice(0, -2);
    const all = each.slice(-1);
    if (!sameShape(positions.shape, all) && !sameShape(positions.shape, each)) {
      const wanted = [all, ...(each.length > 1 ? [each] : [])].map(shapeText).join(" or ");
      fail("E203", `positions are ${shapeText(positions.shape)} where ${wanted} is wanted, in ${signature}`);
    }
    return { dtype: x.dtype, shape: x.shape };
  },
  decompose([x, positions], { base, interleaved }) {
    const half = (x.shape.at(-1) as number) / 2;
    const rates = Array.from({ length: half }, (_, i) => base ** (-i / half));
    const wide = accumulator(x.dtype);
    const angle = reshape(convertTo(positions, wide), [...positions.shape, 1, 1]).mul(constant(rates, [half], wide));
    const [c, s] = [cos(angle), sin(angle)];
    // the two features of a pair along an axis of their own
    const axis = interleaved ? -1 : -2;
    const pairs = reshape(widen(x), [...x.shape.slice(0, -1), ...(interleaved ? [half, 2] : [2, half])]);
    const [a, b] = [0, 1].map((i) => squeeze(sliceAxis(pairs, axis, i, i + 1), axis)) as [Tensor, Tensor];
    const turned = stack([a.mul(c).sub(b.mul(s)), b.mul(c).add(a.mul(s))], { axis });
    return convertTo(reshape(turned, x.shape), x.dtype);
  },
  linear: ["x"],
  vjp: ([, positions], _results, [dy], attrs) => [applyOp(ropeOp, [dy, neg(positions)], attrs)[0]!, null],
});

export const ropeBatching: Batching<["x", "positions"]> = ([x, positions], [xBatched, ownPositions], attrs, size) => {
  const [many] = alignBatch([x], [xBatched], size);
  if (!ownPositions && positions.rank === 1) return applyOp(ropeOp, [many!, positions], attrs);
  const each = many!.shape.slice(0, -2);
  const [first, rest] = ownPositions ? [size, positions.shape.slice(1)] : [1, positions.shape];
  const between = new Array<number>(each.length - 1 - rest.length).fill(1);
  return applyOp(ropeOp, [many!, broadcastShape(reshape(positions, [first, ...between, ...rest]), each)], attrs);
};

export interface RopeOptions {
  /** Integers, (t) or (…, t); 0, 1, 2, … by default. */
  readonly positions?: Tensor | undefined;
  /** Added to the positions, such as the number of keys in a cache: a number, or an integer tensor of rank 0. */
  readonly offset?: Operand | undefined;
  /** The slowest pair turns by nearly `1/base` per position; 10,000 by default, as in the paper. */
  readonly base?: number;
  /** Whether neighbours are pairs, as in the paper, rather than features of the two halves, as in Llama; false by default. */
  readonly interleaved?: boolean;
}

/** Rotary position embedding: pairs of features turned by angles that grow with the position. (…, t, h, d) → (…, t, h, d) */
export function rope(x: Tensor, options: RopeOptions = {}): Tensor {
  checkTensor("rope", "x", x);
  checkOptions("rope", options, ["positions", "offset", "base", "interleaved"]);
  const { positions, offset = 0, base, interleaved } = options;
  const places = positions === undefined ? iota([x.shape.at(-3) ?? 0]) : toIndices("rope", positions);
  return applyOp(ropeOp, [toFloat(x), moved(places, offset)], { base, interleaved })[0]!;
}

function moved(positions: Tensor, offset: Operand): Tensor {
  if (offset === 0) return positions;
  const by = toIndices("rope", offset);
  if (by.rank === 0) return positions.add(by);
  throw new ShapeError("E206", "rope", `offset has rank ${by.rank}, not 0`, {
    operands: { offset },
    at: currentPlace(),
    fix: "give positions where they differ between examples",
  });
}

export const ropeSamples = () =>
  samplesOf(ropeOp, [
    [normal([3, 2, 4]), values([0, 1, 2], [3], "int32")],
    [normal([2, 3, 1, 6]), integers([2, 3], 0, 9), { base: 100 }],
    [normal([2, 2, 2, 4]), integers([2], -5, 5), { interleaved: true }],
    [normal([2, 2, 4], { dtype: "float16" }), integers([2], 0, 5)],
    [normal([0, 2, 4]), integers([0], 0, 5)],
  ]);
