import { checkOptions, ShapeError } from "@tenon/tensor";
import { Column, type ColumnArray, type ColumnLike, column } from "./column.ts";
import { type Dataset, dataset } from "./dataset.ts";
import { checkWhole, outside } from "./range.ts";

export interface SlidingWindowsOptions {
  /** How many steps a window has. */
  readonly length: number;
  /** How many steps after it are to be foretold, 1 by default. */
  readonly horizon?: number;
  /** How many steps one window begins after another, 1 by default. */
  readonly stride?: number;
}

/**
 * Windows of a series, and what comes after each. The series is one number a step or (steps, features).
 *
 * Row i has the steps `i·stride … i·stride + length − 1` as x (count, length, features), which is what recurrent and
 * convolutional layers take, and the `horizon` steps after them as y: (count, horizon) for one number a step, else
 * (count, horizon, features). To judge a forecast, cut the series in two before making windows, so that no step is in
 * both parts.
 */
export function slidingWindows(series: ColumnLike, options: SlidingWindowsOptions): Dataset {
  checkOptions("slidingWindows", options, ["length", "horizon", "stride"]);
  const { length, horizon = 1, stride = 1 } = options;
  for (const [name, value] of Object.entries({ length, horizon, stride }))
    checkWhole("slidingWindows", name, value, 1, 2 ** 31 - 1);
  const steps = column(series);
  if (steps.shape.length > 2) {
    throw new ShapeError("E206", "slidingWindows", `the series has rank ${steps.shape.length}, not 1 or 2`, {
      operands: { series: steps },
      fix: "give one number a step, or (steps, features)",
    });
  }
  const starts = startsOf("slidingWindows", steps.size, { length: length + horizon, stride });
  const features = steps.rowLength;
  const x = blocks(steps, starts, 0, length);
  const y = blocks(steps, starts, length, horizon);
  return dataset({
    x: new Column(x, [starts.length, length, features], steps),
    y: new Column(y, steps.shape.length === 1 ? [starts.length, horizon] : [starts.length, horizon, features], steps),
  });
}

/** Where windows of a sequence begin. Throws where there is none. */
export function startsOf(op: string, size: number, { length, stride }: { length: number; stride: number }): number[] {
  const count = Math.floor((size - length) / stride) + 1;
  if (count >= 1) return Array.from({ length: count }, (_, i) => i * stride);
  throw outside(
    op,
    `the sequence has ${size} steps but one window needs ${length}`,
    "give more steps or a smaller length",
  );
}

/** From each start on, after `offset` steps, `length` steps, one block after another. */
export function blocks(steps: Column, starts: ArrayLike<number>, offset: number, length: number): ColumnArray {
  const { data, rowLength } = steps;
  const size = length * rowLength;
  const out = new (data.constructor as new (length: number) => ColumnArray)(starts.length * size);
  for (let i = 0; i < starts.length; i++) {
    const from = (starts[i]! + offset) * rowLength;
    out.set(data.subarray(from, from + size), i * size);
  }
  return out;
}
