import { hostCos, hostSin } from "@tenon/tensor";
import type { Dataset } from "./dataset.ts";
import { checkPoints, type PointsOptions, pointsInClasses } from "./points.ts";
import { checkNumber, checkWhole } from "./range.ts";

export interface SpiralsOptions extends PointsOptions {
  /** The number of arms, 2 by default. */
  readonly classes?: number;
  /** How often an arm goes round, once by default. */
  readonly turns?: number;
}

const MAX_TURNS = 1000; // beyond them float32 cannot tell neighbouring windings apart

/**
 * Arms that wind out from the middle, one per class. x (count, 2), y (count)
 *
 * Class c is at `r·(cos a, sin a)` with `a = 2π(turns·r + c/classes)`, r being uniform in [0, 1).
 */
export function spirals({ classes = 2, turns = 1, ...options }: SpiralsOptions = {}): Dataset {
  checkPoints("spirals", options, ["classes", "turns"]);
  checkWhole("spirals", "classes", classes, 1, 1000);
  checkNumber("spirals", "turns", turns, -MAX_TURNS, MAX_TURNS);
  return pointsInClasses("spirals", classes, { noise: 0.02, ...options }, (label, random) => {
    const radius = random.next();
    const angle = 2 * Math.PI * (turns * radius + label / classes);
    return [radius * hostCos(angle), radius * hostSin(angle)];
  });
}
