import { hostCos, hostSin } from "@tenon/tensor";
import type { Dataset } from "./dataset.ts";
import { checkPoints, type PointsOptions, pointsInClasses } from "./points.ts";

/**
 * Two half circles of radius 1, each with an end inside the other. x (count, 2), y (count)
 *
 * Class 0 is at `(cos t, sin t)`, class 1 at `(1 − cos t, ½ − sin t)`, t being uniform in [0, π).
 */
export function moons(options: PointsOptions = {}): Dataset {
  checkPoints("moons", options);
  return pointsInClasses("moons", 2, { noise: 0.1, ...options }, (label, random) => {
    const t = Math.PI * random.next();
    return label === 0 ? [hostCos(t), hostSin(t)] : [1 - hostCos(t), 0.5 - hostSin(t)];
  });
}
