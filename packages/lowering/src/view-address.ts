import type { Shape } from "@tenon/ir";
import { addIndex, indexOfDim, indexVariable, multiplyIndex, subtractIndex } from "./index-expression.ts";
import { foldIndex, substituteIndex, variablesOf } from "./index-fold.ts";
import type { Index, IndexNode, IndexVariable } from "./index-node.ts";
import { outward, timesInterval } from "./index-range.ts";
import { rare } from "./parts.ts";

/** Place of the element at `index` in a row-major array of `shape`, in elements: `Σ_k index_k · Π_{l>k} shape_l`. */
export function addressOf(shape: Shape, index: readonly Index[]): Index {
  if (index.length !== shape.length) throw rare.now.failures.address(index.length, shape);
  let [address, stride]: [Index, Index] = [indexOfDim(0), indexOfDim(1)];
  for (let k = shape.length - 1; k >= 0; k--) {
    address = addIndex(address, multiplyIndex(index[k]!, stride));
    stride = multiplyIndex(stride, indexOfDim(shape[k]!));
  }
  return address;
}

/**
 * How far an address moves when `variable` grows by 1, where that is the same everywhere: 0 where it does not move, 1 where
 * elements lie side by side; undefined where it depends on the variable. A stride may be an expression over sizes.
 */
export function strideOf(address: Index, variable: Index): Index | undefined {
  if (variable.kind !== "variable") return indexOfDim(0);
  // the address is simplified for values up to the variable's bound, so the step is taken below it
  const below = indexVariable(variable.name, variable.min, addIndex(variable.max, -1), { multiple: variable.multiple });
  return strideFrom(address, variable, below, addIndex(below, variable.multiple));
}

/** The address's difference between two values of `variable`, if it does not depend on the one that both are made of. */
function strideFrom(address: Index, variable: Index, from: Index, to: Index): Index | undefined {
  const at = (x: Index): Index => substituteIndex(address, new Map([[variable, x]]));
  const stride = subtractIndex(at(to), at(from));
  return [...variablesOf(stride)].some((v) => variablesOf(from).has(v)) ? undefined : stride;
}

/** A loop of `size` lanes at a time: `variable = lanes·block + lane`. */
export interface Lanes {
  /** How far the address moves from lane to lane; undefined where that is not the same for all. */
  readonly stride: Index | undefined;
  /** The address of lane 0 is a multiple of this, and 0 says that it is always 0. */
  readonly alignment: number;
}

/**
 * What becomes of an address when `lanes` values of `variable`, the first of them a multiple of `lanes`, are taken at once.
 * Blocks within an axis count: `(x floordiv 4)·10 + x mod 4` has stride 1 in lanes of 4, though not along all of x.
 */
export const lanesOf = (address: Index, variable: IndexVariable, lanes: number): Lanes =>
  rare.now.lanesAt(address, variable, lanes);

const INT32 = 2 ** 31;

/** Whether every number that `foldIndex` has a target compute for an expression is an int32, by the variables' ranges. */
export function fitsInt32(root: IndexNode): boolean {
  let fits = true;
  const checked = (low: number, high: number): readonly [number, number] => {
    if (low < -INT32 || high >= INT32) fits = false;
    return [low, high];
  };
  type Interval = readonly [low: number, high: number];
  const truth: Interval = [0, 1];
  foldIndex<Interval>(root, {
    constant: (n) => checked(n, n),
    variable: (v) => checked(v.low, v.high),
    add: ([a, b], [c, d]) => checked(a + c, b + d),
    subtract: ([a, b], [c, d]) => checked(a - d, b - c),
    multiply(a, b) {
      const { low, high } = outward(...timesInterval(a, b));
      return checked(low, high);
    },
    floorDiv: ([a, b]) => [Math.min(a, 0), Math.max(b, 0)],
    mod: (_a, [, b]) => [0, b - 1],
    min: ([a, b], [c, d]) => [Math.min(a, c), Math.min(b, d)],
    max: ([a, b], [c, d]) => [Math.max(a, c), Math.max(b, d)],
    select: (_condition, [a, b], [c, d]) => [Math.min(a, c), Math.max(b, d)],
    boolean: () => truth,
    less: () => truth,
    equal: () => truth,
    notEqual: () => truth,
    and: () => truth,
    or: () => truth,
  });
  return fits;
}
