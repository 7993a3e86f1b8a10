import { checkOptions, HostRandom } from "@tenon/tensor";
import { Column } from "./column.ts";
import { type Dataset, dataset } from "./dataset.ts";
import type { PointsOptions } from "./points.ts";
import { checkNumber, checkWhole } from "./range.ts";
import { seedKey } from "./seed.ts";

export interface LineOptions extends PointsOptions {
  /** 2 by default. */
  readonly slope?: number;
  /** 1 by default. */
  readonly intercept?: number;
}

/** Points about a line, for regression: `y = slope·x + intercept + noise·n`, x uniform in [−1, 1), n normal. x (count, 1), y (count, 1) */
export function line(options: LineOptions = {}): Dataset {
  checkOptions("line", options, ["count", "noise", "seed", "slope", "intercept"]);
  const { count = 200, noise = 0.1, seed = 0, slope = 2, intercept = 1 } = options;
  checkWhole("line", "count", count, 0, 2 ** 26);
  for (const [name, value] of Object.entries({ slope, intercept })) checkNumber("line", name, value);
  checkNumber("line", "noise", noise, 0);
  const random = new HostRandom(seedKey("line", "seed", seed));
  const x = new Float32Array(count);
  const y = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    x[i] = 2 * random.next() - 1;
    y[i] = slope * x[i]! + intercept + noise * random.normal();
  }
  return dataset({ x: new Column(x, [count, 1]), y: new Column(y, [count, 1]) });
}
