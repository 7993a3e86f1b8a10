import { roundHalfEven } from "../number.ts";
import { defineScalar, type Unary } from "../op.ts";
import { type Case, normal, samplesOf, uniform, values } from "../sample.ts";

/** The largest whole number that is at most x. */
export const floor: Unary = defineScalar({
  name: "floor",
  version: 1,
  numeric: "exact",
  inputs: ["x"],
  evaluate: (x) => Math.floor(x),
  derivatives: () => [null],
});

/** The smallest whole number that is at least x. */
export const ceil: Unary = defineScalar({
  name: "ceil",
  version: 1,
  numeric: "exact",
  inputs: ["x"],
  evaluate: (x) => Math.ceil(x),
  derivatives: () => [null],
});

/** The nearest whole number; halves go to the even one, as in NumPy. */
export const round: Unary = defineScalar({
  name: "round",
  version: 1,
  numeric: "exact",
  inputs: ["x"],
  evaluate: roundHalfEven,
  derivatives: () => [null],
});

const cases = (): readonly Case[] => [
  [uniform([3, 4], 0.6, 0.9)],
  [normal([], { offset: 0.3, scale: 0.01 })],
  [normal([0, 3])],
  [uniform([1], -1.4, -1.1, "float64")],
  [uniform([5], 2.1, 2.4, "float16")],
  { operands: [values([-2.5, -1.5, -1, -0.5, 0, 0.5, 1.5, 2.5, 3])], kink: true },
  { operands: [values([8388607.5, -8388607.5, 1e20])], kink: true },
];

export const floorSamples = () => samplesOf(floor, cases());
export const ceilSamples = () => samplesOf(ceil, cases());
export const roundSamples = () => samplesOf(round, cases());
