import { evaluateFn } from "@tenon/interpreter";
import {
  allOps,
  applyOp,
  barrierOp,
  broadcastOp,
  buildModule,
  callOp,
  concatOp,
  condOp,
  constant,
  constantOp,
  convert,
  type DType,
  dotOp,
  dynamicSliceOp,
  type Elements,
  Fn,
  gatherOp,
  input,
  integerRange,
  isFloat,
  isLeaf,
  mapRegions,
  Node,
  padOp,
  reduceOp,
  reshapeOp,
  reverseOp,
  roundToDType,
  scanOp,
  sliceOp,
  sortOp,
  splat,
  TenonError,
  type Tensor,
  type TensorType,
  topologicalOrder,
  transposeOp,
  whileOp,
  windowsOp,
  withTrace,
} from "@tenon/ir";
import { printModule } from "@tenon/ir/text";
import fc from "fast-check";
import { loadParts } from "./parts.ts";

await loadParts();

/** A function, and arguments for it. */
export interface RandomGraph {
  readonly fn: Fn;
  readonly args: readonly Elements[];
}

const inputTypes: readonly (readonly [DType, readonly number[]])[] = [
  ["float32", [2, 3]],
  ["float32", [2, 3]],
  ["float32", [1, 3]],
  ["float32", [3]],
  ["float16", [2, 3]],
  ["bfloat16", [5]],
  ["float64", [2, 3]],
  ["int32", [2, 3]],
  ["int32", [2, 3]],
  ["int8", [5]],
  ["uint32", [2, 3]],
  ["bool", [2, 3]],
  ["bool", [2, 3]],
  ["float32", [0, 3]],
  ["float32", []],
  ["int32", []],
];

const dtypesToTry: readonly DType[] = ["float32", "float16", "bfloat16", "float64", "int32", "uint8", "int8", "bool"];

/** Typed random functions of up to `maxOps` ops, whose inputs hold special values; they shrink op by op. */
export function randomGraphs({ maxOps = 40 } = {}): fc.Arbitrary<RandomGraph> {
  const values = fc.array(fc.nat(0xff), { minLength: 64, maxLength: 64 });
  const seeds = fc.array(fc.nat(), { minLength: 1, maxLength: maxOps, size: "max" });
  return fc.tuple(values, seeds).map(([values, steps]) => {
    const fn = withTrace(() => record(steps)); // a runtime that is loaded beside would flush what it is told of
    const args = inputTypes.map((type, i) => elements(type, values, i));
    return printable({ fn, args });
  });
}

/** The graph, which fast-check shows as a module's text. */
export const printable = (graph: RandomGraph): RandomGraph & fc.WithToStringMethod => ({
  ...graph,
  [fc.toStringMethod]: () => printModule(buildModule({ entries: { random: graph.fn } })),
});

/** Choices that follow from one number: Weyl steps of 2^32 over the golden ratio, finished as in MurmurHash3. */
class Draw {
  private state: number;
  constructor(seed: number) {
    this.state = seed;
  }
  below(n: number): number {
    this.state = (this.state + 0x9e3779b9) | 0;
    let bits = Math.imul(this.state ^ (this.state >>> 16), 0x85ebca6b);
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
    return ((bits ^ (bits >>> 16)) >>> 0) % n;
  }
  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}

function elements([dtype, shape]: (typeof inputTypes)[number], values: readonly number[], start: number): Elements {
  const special = specials(dtype);
  const count = shape.reduce((n, d) => n * d, 1);
  return {
    dtype,
    shape,
    data: Float64Array.from({ length: count }, (_, i) => special[values[(7 * start + i) % 64]! % special.length]!),
  };
}

/** Numbers at which identities that hold on paper do not hold. */
export function specials(dtype: DType): readonly number[] {
  if (dtype === "bool") return [0, 1];
  if (!isFloat(dtype)) {
    const [min, max] = integerRange(dtype);
    return [0, 1, 2, 3, max, min, max - 1, min + 1, 7].map((x) => roundToDType(dtype, x));
  }
  const smallest = { float16: 2 ** -24, bfloat16: 2 ** -133, float32: 2 ** -149, float64: 2 ** -1074 };
  const tiny = smallest[dtype as keyof typeof smallest];
  const list = [0, -0, 1, -1, 2, 0.1, -3.7, Infinity, -Infinity, NaN, tiny, -3 * tiny, 1e4, -6e4, 1e38, 1e-30];
  return list.map((x) => roundToDType(dtype, x));
}

/** Numbers that identities are about. */
const neutral = (dtype: DType): readonly number[] => (isFloat(dtype) ? [0, -0, 1, -1, 2] : [0, 1]);

const scalars = allOps().filter((op) => op.evaluate !== undefined || op.kind === "scalar");

const ATTEMPTS = 8;

function record(seeds: readonly number[]): Fn {
  const inputs = inputTypes.map(([dtype, shape]) => input({ dtype, shape }));
  const pool: Tensor[] = [...inputs];
  for (const seed of seeds) {
    const draw = new Draw(seed);
    pool.push(...fitting(() => (draw.below(5) < 3 ? scalar(draw, pool) : draw.of(structural)(draw, pool))));
  }
  const made = pool.slice(inputs.length);
  return new Fn("random", inputs, seeds[0]! % 4 === 0 ? pool.slice(-4) : made);
}

/** What the op's own type rule does not refuse, of a few attempts. */
function fitting(attempt: () => readonly Tensor[]): readonly Tensor[] {
  for (let i = 0; i < ATTEMPTS; i++) {
    try {
      return attempt();
    } catch (error) {
      if (!(error instanceof TenonError)) throw error;
    }
  }
  return [];
}

/** Prefers what was made last, so that graphs grow deep; now and then a constant. */
function pick(draw: Draw, pool: readonly Tensor[]): Tensor {
  const x = draw.of(draw.below(2) === 0 ? pool.slice(-6) : pool);
  return draw.below(6) === 0 ? like(draw, [], x) : x;
}

function like(draw: Draw, pool: readonly Tensor[], { dtype, shape }: TensorType): Tensor {
  const alike = pool.filter((t) => t.dtype === dtype && String(t.shape) === String(shape));
  if (alike.length > 0 && draw.below(3) > 0) return alike[alike.length - 1 - draw.below(Math.min(4, alike.length))]!;
  const values = draw.below(2) === 0 ? neutral(dtype) : specials(dtype);
  const even = draw.below(4) > 0;
  if (even || shape.length === 0) return splat(draw.of(values), shape, dtype);
  const count = (shape as readonly number[]).reduce((n, d) => n * d, 1);
  return constant(
    Array.from({ length: count }, () => draw.of(values)),
    shape,
    dtype,
  );
}

function scalar(draw: Draw, pool: readonly Tensor[]): readonly Tensor[] {
  const op = draw.of(scalars);
  const x = pick(draw, pool);
  const args = op.inputs.map((name, i) => {
    if (name === "condition") return like(draw, pool, { dtype: "bool", shape: x.shape });
    return i === 0 || (i === 1 && op.inputs[0] === "condition") ? x : like(draw, pool, x);
  });
  const attrs = {
    ...("dir" in op.attrs && { dir: draw.of(["eq", "ne", "lt", "le", "gt", "ge"]) }),
    ...("to" in op.attrs && { to: draw.of(dtypesToTry) }),
  };
  return applyOp(op, draw.below(2) === 0 && args.length === 2 ? args.reverse() : args, attrs);
}

const sizes = (x: Tensor): readonly number[] => x.shape as readonly number[];
const reshaped = (x: Tensor, shape: readonly number[]) => applyOp(reshapeOp, [x], { shape });

const structural: readonly ((draw: Draw, pool: readonly Tensor[]) => readonly Tensor[])[] = [
  (draw, pool) => {
    const x = pick(draw, pool);
    const perm = x.shape.map((_, i) => i);
    if (perm.length > 1) perm.push(...perm.splice(draw.below(perm.length), 1));
    return applyOp(transposeOp, [x], { perm });
  },
  (draw, pool) => {
    const x = pick(draw, pool);
    if (draw.below(3) === 0) return reshaped(x, [x.size]);
    if (draw.below(2) === 0)
      return reshaped(
        x,
        sizes(x).filter((d) => d !== 1),
      );
    return reshaped(x, sizes(x).toSpliced(draw.below(x.rank + 1), 0, 1));
  },
  (draw, pool) => {
    const x = pick(draw, pool);
    const stretched = sizes(x).map((d) => (d === 1 ? 1 + draw.below(3) : d));
    if (draw.below(3) === 0) return applyOp(broadcastOp, [x], { shape: stretched, dims: x.shape.map((_, i) => i) });
    return applyOp(broadcastOp, [x], { shape: [draw.below(3), ...stretched], dims: x.shape.map((_, i) => i + 1) });
  },
  (draw, pool) => {
    const x = pick(draw, pool);
    const start = sizes(x).map((d) => draw.below(2) * draw.below(d + 1));
    const limit = sizes(x).map((d, i) => d - draw.below(2) * draw.below(d - start[i]! + 1));
    return applyOp(sliceOp, [x], { start, limit, stride: x.shape.map(() => 1 + draw.below(2)) });
  },
  (draw, pool) => {
    const x = pick(draw, pool);
    const widths = (): number[] => x.shape.map(() => draw.below(2) * draw.below(3));
    const value = like(draw, pool, { dtype: x.dtype, shape: [] });
    return applyOp(padOp, [x, value], { lo: widths(), hi: widths(), interior: widths() });
  },
  (draw, pool) => {
    const x = pick(draw, pool);
    return applyOp(reverseOp, [x], { axes: x.shape.flatMap((_, i) => (draw.below(2) === 0 ? [i] : [])) });
  },
  (draw, pool) => {
    const x = pick(draw, pool);
    const others = Array.from({ length: draw.below(3) }, () => like(draw, pool, x));
    return applyOp(concatOp, [x, ...others], { axis: draw.below(x.rank) });
  },
  (draw, pool) => {
    const x = pick(draw, pool);
    const op = draw.of(["sum", "prod", "max", "min", "and", "or"]);
    return applyOp(reduceOp, [x], { op, axes: x.shape.flatMap((_, i) => (draw.below(2) === 0 ? [i] : [])) });
  },
  (draw, pool) => {
    const x = pick(draw, pool);
    const attrs = { axes: [draw.below(x.rank)], size: [1 + draw.below(2)], stride: [1 + draw.below(2)], dilation: [1] };
    return applyOp(windowsOp, [x], attrs);
  },
  (draw, pool) => {
    const x = pick(draw, pool);
    const indices = constant([0, 2, -1, 1].slice(draw.below(4)), undefined, "int32");
    return applyOp(gatherOp, [x, indices], { axis: draw.below(x.rank) });
  },
  (draw, pool) => {
    const x = pick(draw, pool);
    const starts = x.shape.map(() => like(draw, pool, { dtype: "int32", shape: [] }));
    return applyOp(dynamicSliceOp, [x, ...starts], { sizes: sizes(x).map((d) => draw.below(d + 1)) });
  },
  (draw, pool) => {
    const x = pick(draw, pool);
    return applyOp(dotOp, [x, like(draw, pool, x)], { contract: [[x.rank - 1], [x.rank - 1]] });
  },
  (draw, pool) => applyOp(sortOp, [pick(draw, pool)], { axis: 0 }),
  (draw, pool) => applyOp(barrierOp, [pick(draw, pool), pick(draw, pool)]),
  (draw, pool) => {
    const x = pick(draw, pool);
    const args = [x, like(draw, pool, x)];
    return applyOp(callOp, args, { fn: region(draw, args), recompute: draw.below(2) === 0 });
  },
  (draw, pool) => {
    const x = pick(draw, pool);
    const args = [x, like(draw, pool, x)];
    const index = like(draw, pool, { dtype: "int32", shape: [] });
    return applyOp(condOp, [index, ...args], { fns: [region(draw, args), region(draw, args)] });
  },
  (draw, pool) => {
    const x = pick(draw, pool);
    const slice = { dtype: x.dtype, shape: x.shape.slice(1) };
    const args = [like(draw, pool, slice), like(draw, pool, slice), x, like(draw, pool, slice)];
    const body = region(draw, [slice, slice, slice, slice]);
    const kinds = ["carry", "carry", "xs", "const"];
    return applyOp(scanOp, args, { body, length: x.shape[0]!, kinds, reverse: draw.below(2) === 0 });
  },
  (draw, pool) => {
    const x = pick(draw, pool);
    const args = [x, like(draw, pool, x), like(draw, pool, { dtype: "bool", shape: [] })];
    const inputs = args.map((t) => input(t));
    const cond = new Fn("cond", inputs, [inputs[2]!]);
    const [a, b] = region(draw, args.slice(0, 2)).inline(inputs.slice(0, 2));
    const body = new Fn("body", inputs, [a!, b!, inputs[2]!]);
    return applyOp(whileOp, args, { cond, body, max_trip: draw.below(4) });
  },
];

/** A region whose first results have the types of its inputs; it has two more results than a carry needs. */
function region(draw: Draw, types: readonly TensorType[]): Fn {
  const inputs = types.map((type) => input(type));
  const pool: Tensor[] = [...inputs];
  for (let i = 0; i < 4; i++) pool.push(...fitting(() => scalar(draw, pool)));
  const alike = pool.filter((t) => t.dtype === types[0]!.dtype);
  const [a, b] = [draw.of(alike), draw.of(alike)];
  return new Fn("region", inputs, [a, b, pick(draw, alike)]);
}

/** The results of a function whose every float is rounded to its dtype where it is computed, as a device rounds it. */
export const runRounded = ({ fn, args }: RandomGraph): readonly Elements[] =>
  evaluateFn(
    withTrace(() => rounded(fn)),
    args,
  );

function rounded(fn: Fn): Fn {
  const now = new Map<Tensor, Tensor>();
  const current = (t: Tensor): Tensor => now.get(t) ?? t;
  for (const node of topologicalOrder(fn.results)) {
    if (isLeaf(node) || node.op === constantOp) continue;
    const attrs =
      node.op.kind === "composite" ? node.attrs : mapRegions(node.op, node.attrs, (part) => rounded(part as Fn));
    const copy = new Node(node.op, node.inputs.map(current), attrs, node.results);
    node.outputs.forEach((t, i) => {
      const y = copy.outputs[i]!;
      now.set(t, isFloat(t.dtype) ? applyOp(convert.op, [y], { to: t.dtype })[0]! : y);
    });
  }
  return new Fn(fn.name, fn.inputs, fn.results.map(current), fn.aliases);
}

/** Where two lists of results differ by a bit; the payload of a NaN is none. */
export function firstDifference(expected: readonly Elements[], actual: readonly Elements[]): string | undefined {
  for (const [i, { dtype, data }] of expected.entries()) {
    const other = actual[i]!;
    if (other.dtype !== dtype || other.data.length !== data.length) return `result ${i} has another type`;
    const at = data.findIndex((x, j) => !Object.is(x, other.data[j]));
    if (at >= 0) return `result ${i} at ${at} is ${other.data[at]} where it was ${data[at]}`;
  }
  return undefined;
}

/** The number of ops that compute something, in a function and in the regions that it runs. */
export function countNodes(fn: Fn, seen: Set<unknown> = new Set()): number {
  if (seen.has(fn)) return 0;
  seen.add(fn);
  let count = 0;
  for (const node of topologicalOrder(fn.results)) {
    if (isLeaf(node) || node.op === constantOp) continue;
    count++;
    mapRegions(node.op, node.attrs, (part) => {
      count += countNodes(part as Fn, seen);
      return part;
    });
  }
  return count;
}
