import * as arithmetic from "./ops/arithmetic.ts";
import * as bits from "./ops/bits.ts";
import * as cast from "./ops/cast.ts";
import * as compare from "./ops/compare.ts";
import * as concat from "./ops/concat.ts";
import * as constant from "./ops/constant.ts";
import * as dot from "./ops/dot.ts";
import * as exponential from "./ops/exponential.ts";
import * as matmul from "./ops/matmul.ts";
import * as move from "./ops/move.ts";
import * as pad from "./ops/pad.ts";
import * as reduce from "./ops/reduce.ts";
import * as reshape from "./ops/reshape.ts";
import * as round from "./ops/round.ts";
import * as slice from "./ops/slice.ts";
import * as trigonometric from "./ops/trigonometric.ts";
import type { Sample } from "./sample.ts";

export * from "./sample.ts";

/** The files whose exports named `…Samples` are collected. */
const files: readonly object[] = [
  arithmetic,
  bits,
  cast,
  compare,
  concat,
  constant,
  dot,
  exponential,
  matmul,
  move,
  pad,
  reduce,
  reshape,
  round,
  slice,
  trigonometric,
];

/** Every sample of every op of this package. */
export const allSamples = (): readonly Sample[] =>
  files.flatMap((file) =>
    Object.entries(file).flatMap(([name, samples]) => (name.endsWith("Samples") ? (samples as readonly Sample[]) : [])),
  );
