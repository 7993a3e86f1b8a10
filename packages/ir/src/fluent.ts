import {
  abs,
  add,
  div,
  intDiv,
  maximum,
  minimum,
  mul,
  neg,
  pow,
  reciprocal,
  rem,
  sign,
  square,
  sub,
} from "./ops/arithmetic.ts";
import { and, not, or, shl, shr, xor } from "./ops/bits.ts";
import { bitcast, cast } from "./ops/cast.ts";
import { equal, greater, greaterEqual, isFinite, less, lessEqual, notEqual } from "./ops/compare.ts";
import { erf, exp, expm1, log, log1p, rsqrt, sqrt } from "./ops/exponential.ts";
import { matmul } from "./ops/matmul.ts";
import { broadcastTo, moveAxis, reverse, swapAxes, transpose } from "./ops/move.ts";
import { pad } from "./ops/pad.ts";
import { all, any, max, min, prod, sum } from "./ops/reduce.ts";
import { expandDims, flatten, reshape, squeeze } from "./ops/reshape.ts";
import { ceil, floor, round } from "./ops/round.ts";
import { slice, sliceAxis } from "./ops/slice.ts";
import { cos, sin, tanh } from "./ops/trigonometric.ts";
import type { Operand } from "./record.ts";
import { Tensor } from "./tensor.ts";

/** The ops that may also be written as methods. A closed list: every other op is a function only. */
const methods = {
  abs,
  add,
  all,
  and,
  any,
  bitcast,
  broadcastTo,
  cast,
  ceil,
  cos,
  div,
  equal,
  erf,
  exp,
  expandDims,
  expm1,
  flatten,
  floor,
  greater,
  greaterEqual,
  intDiv,
  isFinite,
  less,
  lessEqual,
  log,
  log1p,
  matmul,
  max,
  maximum,
  min,
  minimum,
  moveAxis,
  mul,
  neg,
  not,
  notEqual,
  or,
  pad,
  pow,
  prod,
  reciprocal,
  rem,
  reshape,
  reverse,
  round,
  rsqrt,
  shl,
  shr,
  sign,
  sin,
  slice,
  sliceAxis,
  sqrt,
  square,
  squeeze,
  sub,
  sum,
  swapAxes,
  tanh,
  transpose,
  xor,
};

type Method<F> = F extends (x: any, ...rest: infer R) => infer Y ? (...rest: R) => Y : never;
/** `tensor.ts` imports this type and merges it into `Tensor`. */
export type Methods = { [K in keyof typeof methods]: Method<(typeof methods)[K]> };

for (const [name, op] of Object.entries(methods)) {
  Object.defineProperty(Tensor.prototype, name, {
    value(this: Tensor, ...rest: never[]) {
      return (op as (x: Operand, ...rest: unknown[]) => unknown)(this, ...rest);
    },
  });
}
