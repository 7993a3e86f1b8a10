import {
  addIndex,
  and,
  atMost,
  type ClaimedKernel,
  type Index,
  type KernelWriter,
  lessThan,
  multiplyIndex,
  type Strided,
  type Value,
} from "@tenon/lowering";
import { extentOf, renderLoops } from "../render/index.ts";
import type { ClaimedOp } from "./claimed.ts";
import { loopsOver } from "./loops-over.ts";

/** So that what this shares with the backend lies in one file of a bundle with the rest of it. */
export { cpuJs } from "../backend.ts";

/** Most entries of a window; each is written out. */
const MAX_ENTRIES = 25;
/** Finite float32 numbers go down to here. */
const LOWEST = -3.4028234663852886e38;

interface PoolAttrs {
  readonly size: readonly number[];
  readonly stride: readonly number[];
  readonly lo: readonly unknown[];
  readonly hi: readonly unknown[];
}

const attrsOf = ({ attrs }: Pick<ClaimedKernel, "attrs">): PoolAttrs => attrs as unknown as PoolAttrs;

/** The largest entry of each window in float32 and its place, from entry to entry, on several channels at once. */
export const claimed: ClaimedOp = {
  accepts({ attrs, operands }) {
    const { size, lo } = attrsOf({ attrs });
    const entries = size.reduce((n, s) => n * s, 1);
    return operands[0]!.dtype === "float32" && entries <= MAX_ENTRIES && lo.every((n) => typeof n === "number");
  },
  write(m, kernel, target) {
    const loops = loopsOver(kernel, (writer, index) => largestOf(writer, kernel.inputs[0]!, attrsOf(kernel), index));
    return { func: renderLoops(m, loops, target), scratch: false, parts: extentOf(loops) };
  },
};

/** The largest entry of the window at a place of the result, and which it is; the number of entries where it is none of the image. */
function largestOf(
  writer: KernelWriter,
  x: Strided,
  { size, stride, lo, hi }: PoolAttrs,
  index: readonly Index[],
): readonly [Value, Value] {
  const number = (n: number): Value => writer.constant("int32", n);
  const test = (op: "le" | "eq", a: Value, b: Value): Value => writer.alu(op, [a, b], "bool");
  const padded = [...lo, ...hi].some((n) => n !== 0);
  const count = size.reduce((n, s) => n * s, 1);
  const none = number(count);
  let largest = writer.constant("float32", Number.NEGATIVE_INFINITY);
  let place = none;
  for (let entry = 0; entry < count; entry++) {
    const at = [...index];
    let rest = entry;
    for (let axis = size.length - 1; axis >= 0; axis--) {
      const first = addIndex(multiplyIndex(index[axis + 1]!, stride[axis]!), -(lo[axis] as number));
      at[axis + 1] = addIndex(first, rest % size[axis]!);
      rest = Math.floor(rest / size[axis]!);
    }
    const inside = and(...at.slice(1, -1).flatMap((i, axis) => [atMost(0, i), lessThan(i, x.sizes[axis + 1]!)]));
    const address = addIndex(x.start, ...at.map((i, axis) => multiplyIndex(i, x.strides[axis]!)));
    const isInside = writer.test(inside);
    const outside = writer.constant("float32", LOWEST);
    const value = writer.alu("select", [isInside, writer.load(x.slot, address, inside), outside]);
    const own = writer.alu("select", [isInside, number(entry), none]);
    if (entry === 0 && !padded) [largest, place] = [value, own];
    else {
      // a NaN is larger than all numbers, and the first of them stays
      const larger = writer.alu("and", [writer.alu("not", [test("le", value, largest)]), test("eq", largest, largest)]);
      // what is as low as padding, or lower, is found all the same
      const found = writer.alu("and", [test("eq", value, largest), test("eq", place, none)]);
      const taken = padded ? writer.alu("or", [larger, writer.alu("and", [found, isInside])]) : larger;
      place = writer.alu("select", [taken, own, place]);
      largest = writer.alu("select", [larger, value, largest]); // one instruction, where a maximum is a dozen
    }
  }
  return [largest, place];
}
