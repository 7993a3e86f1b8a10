import { roundHalfEven } from "../number.ts";
import { defineScalar, type Unary } from "../op.ts";

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
