import { dimAdd } from "../dim.ts";
import type { Tensor } from "../tensor.ts";
import { pad } from "./pad.ts";
import { sliceAxis } from "./slice.ts";

/** The elements moved to later places along `axis`, or to earlier ones where `by` is negative; `fill` comes in. */
export function shifted(x: Tensor, axis: number, by: number, fill = 0): Tensor {
  const [size, beside] = [x.shape[axis]!, x.shape.map((_, i) => (i === axis ? Math.abs(by) : 0))];
  const padded = pad(x, { [by > 0 ? "lo" : "hi"]: beside, value: fill });
  return by > 0 ? sliceAxis(padded, axis, 0, size) : sliceAxis(padded, axis, -by, dimAdd(size, -by));
}
