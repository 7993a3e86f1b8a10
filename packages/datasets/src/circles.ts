import { hostCos, hostSin } from "@tenon/tensor";
import type { Dataset } from "./dataset.ts";
import { checkPoints, type PointsOptions, pointsInClasses } from "./points.ts";
import { checkNumber } from "./range.ts";

export interface CirclesOptions extends PointsOptions {
  /** Radius of the inner circle, from 0 to 1; a half by default. */
  readonly inner?: number;
}

/** A circle of radius 1, class 0, and one inside it, class 1. x (count, 2), y (count) */
export function circles({ inner = 0.5, ...options }: CirclesOptions = {}): Dataset {
  checkPoints("circles", options, ["inner"]);
  checkNumber("circles", "inner", inner, 0, 1);
  return pointsInClasses("circles", 2, { noise: 0.1, ...options }, (label, random) => {
    const t = 2 * Math.PI * random.next();
    const radius = label === 0 ? 1 : inner;
    return [radius * hostCos(t), radius * hostSin(t)];
  });
}
