import {
  allOps,
  applyOp,
  barrier,
  call,
  concat,
  cond,
  type DType,
  dotOp,
  dynamicSlice,
  dynamicUpdate,
  Fn,
  fold,
  foldIn,
  gather,
  input,
  iota,
  isFloat,
  type OpRecord,
  pad,
  randomBits,
  randomUniform,
  reduceOp,
  scan,
  scatter,
  sortWith,
  splat,
  type Tensor,
  whileLoop,
  windows,
} from "@tenon/ir";
import { type GraphMaker, MAX_SIZE, sizesOf } from "./graph-maker.ts";

/** Adds an op to a graph; nothing where its type rule or this program wants other operands. */
export interface Step {
  readonly weight: number;
  /** Has no derivative, or one that jumps. */
  readonly rough?: boolean;
  make(maker: GraphMaker): readonly Tensor[] | undefined;
}

const scalars: readonly OpRecord[] = allOps().filter(({ kind }) => kind === "scalar");
const activations = allOps().filter(
  ({ kind, inputs, attrs }) =>
    kind === "composite" &&
    inputs.length === 1 &&
    inputs[0] === "x" &&
    Object.values(attrs).every(({ fallback }) => fallback !== undefined),
);

/** Bits of a float tell what its value does not: the sign of a zero, the kind of a NaN. */
const bitwise = "bitcast";

/** Any scalar op on operands that its type rule accepts, with divisors, bases and radicands at which no sign of zero shows. */
function scalar(maker: GraphMaker): readonly Tensor[] | undefined {
  const { draw, dtypes } = maker;
  const op = draw.pick(scalars);
  if (op.name === bitwise) return undefined;
  const words = Object.entries(op.attrs).map(([name, kind]) => [name, draw.pick(kind.words ?? dtypes)] as const);
  const first = maker.value() ?? maker.fresh();
  for (const dtype of [first.dtype, ...draw.shuffled(dtypes)]) {
    const x = maker.as(first, dtype);
    const types = op.inputs.map((): DType => dtype);
    for (const list of [types, ["bool" as const, ...types.slice(1)]]) {
      const operands = list.map((d, i) => (i === list.length - 1 ? x : maker.like(d, sizesOf(x))));
      const made = attempt(() => applyOp(op, guarded(op.name, operands), Object.fromEntries(words)));
      if (made !== undefined) return made;
    }
  }
  return undefined;
}

function guarded(op: string, operands: readonly Tensor[]): readonly Tensor[] {
  const [x, y] = operands;
  if (op === "div" || op === "rem") return [x!, isFloat(y!.dtype) ? y!.abs().add(0.5) : y!.or(1)];
  if (op === "pow") return [x!.abs(), y!];
  return op === "rsqrt" ? [x!.abs().add(0.25)] : operands;
}

/** What `make` gives, or nothing where a type rule refuses. */
export function attempt<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}

const each = <T>(t: Tensor, value: (n: number, axis: number) => T): T[] => sizesOf(t).map(value);
const axisOf = ({ draw }: GraphMaker, t: Tensor): number => draw.integer(0, t.rank - 1);

/** Two axes become one, or one becomes two. */
function reshaped(maker: GraphMaker): readonly Tensor[] {
  const x = maker.filled();
  const sizes = [...sizesOf(x)];
  const axis = axisOf(maker, x);
  const factor = [2, 3, 5].find((n) => sizes[axis]! % n === 0);
  if (axis > 0 && maker.draw.chance(0.5)) sizes.splice(axis - 1, 2, sizes[axis - 1]! * sizes[axis]!);
  else sizes.splice(axis, 1, ...(factor === undefined ? [sizes[axis]!, 1] : [factor, sizes[axis]! / factor]));
  return [x.reshape(sizes)];
}

function sliced(maker: GraphMaker): readonly Tensor[] {
  const { draw } = maker;
  const x = maker.value() ?? maker.fresh();
  const start = each(x, (n) => draw.integer(0, Math.max(0, n - 1)));
  const limit = each(x, (n, i) => draw.integer(start[i]!, n));
  return [x.slice({ start, limit, stride: each(x, () => draw.integer(1, 3)) })];
}

function padded(maker: GraphMaker): readonly Tensor[] {
  const { draw } = maker;
  const x = maker.filled();
  const width = (most: number): number[] => each(x, () => draw.integer(0, most));
  return [pad(x, { lo: width(2), hi: width(2), interior: width(1), value: maker.like(x.dtype, []) })];
}

function concatenated(maker: GraphMaker): readonly Tensor[] {
  const x = maker.filled();
  const axis = axisOf(maker, x);
  const lengths = sizesOf(x).with(axis, maker.draw.integer(1, 4));
  const parts = maker.draw.shuffled([x, maker.like(x.dtype, lengths)]);
  return [concat(parts, { axis })];
}

function windowed(maker: GraphMaker): readonly Tensor[] {
  const { draw } = maker;
  const x = maker.filled();
  const axis = axisOf(maker, x);
  const length = sizesOf(x)[axis]!;
  const options = { axes: [axis], stride: draw.integer(1, 2), dilation: draw.integer(1, 2) };
  const places = windows(x, { ...options, size: draw.integer(1, Math.min(3, length)) });
  if (x.dtype === "bool" || draw.chance(0.4)) return [places];
  return [fold(places.mul(places), { ...options, dims: [length] })];
}

function gathered(maker: GraphMaker): readonly Tensor[] {
  const { draw } = maker;
  const x = maker.filled();
  const axis = axisOf(maker, x);
  const batch = draw.integer(0, axis);
  const shape = [...sizesOf(x).slice(0, batch), ...maker.shape(draw.integer(0, 2))];
  const length = sizesOf(x)[axis]!;
  const indices = maker.indices(shape, -1, length);
  const y = gather(x, indices, { axis, batch });
  if (draw.chance(0.5) || y.shape.some((n) => n === 0)) return [y];
  const mode = x.dtype === "bool" ? "set" : draw.pick(["add", "max", "min", "set"] as const);
  return [scatter(maker.like(x.dtype, sizesOf(x)), indices, maker.like(x.dtype, sizesOf(y)), { axis, batch, mode })];
}

function moved(maker: GraphMaker): readonly Tensor[] {
  const { draw } = maker;
  const x = maker.filled();
  const sizes = each(x, (n) => draw.integer(1, n));
  const starts = each(x, (n) => maker.indices([], -1, n));
  if (draw.chance(0.5)) return [dynamicSlice(x, starts, sizes)];
  return [dynamicUpdate(x, maker.like(x.dtype, sizes), starts)];
}

function reduced(maker: GraphMaker): readonly Tensor[] | undefined {
  const x = maker.value() ?? maker.fresh();
  const axes = maker.draw.subset(each(x, (_, i) => i));
  const empty = axes.some((i) => sizesOf(x)[i] === 0);
  const op = maker.draw.pick(empty ? ["sum", "prod"] : ["sum", "prod", "max", "min", "and", "or"]);
  return attempt(() => applyOp(reduceOp, [x], { op, axes }));
}

function multiplied(maker: GraphMaker): readonly Tensor[] | undefined {
  const { draw } = maker;
  const a = maker.value((t) => t.rank > 0 && t.dtype !== "bool") ?? maker.fresh("float32", [3, 4]);
  const axis = axisOf(maker, a);
  const batched = a.rank > 1 && draw.chance(0.4) ? [axis === 0 ? 1 : 0] : [];
  const order = draw.shuffled(["batch", "contract", "free"]);
  const sizes = {
    batch: batched.map((i) => sizesOf(a)[i]!),
    contract: [sizesOf(a)[axis]!],
    free: [draw.integer(1, 6)],
  };
  const shape = order.flatMap((part) => sizes[part as keyof typeof sizes]);
  const place = (part: string): number[] => {
    const before = order.slice(0, order.indexOf(part)).flatMap((other) => sizes[other as keyof typeof sizes]).length;
    return sizes[part as keyof typeof sizes].map((_, i) => before + i);
  };
  const b = maker.like(a.dtype, shape);
  return applyOp(dotOp, [a, b], { contract: [[axis], place("contract")], batch: [batched, place("batch")] });
}

function sorted(maker: GraphMaker): readonly Tensor[] {
  const x = maker.filled();
  const axis = axisOf(maker, x);
  return sortWith(x, [maker.like("int32", sizesOf(x))], { axis, descending: maker.draw.chance(0.5) });
}

function scanned(maker: GraphMaker): readonly Tensor[] {
  const { draw } = maker;
  const xs = maker.value((t) => t.rank > 0 && isFloat(t.dtype)) ?? maker.fresh("float32", [4, 3]);
  const scale = maker.like(xs.dtype, []);
  const init = maker.like(xs.dtype, sizesOf(xs).slice(1));
  const step = ([state]: Tensor[], [x]: Tensor[]): readonly [Tensor[], Tensor[]] => {
    const next = state!.mul(0.5).add(x!.mul(scale));
    return [[next], [next.sub(x!)]];
  };
  const { carry, ys } = scan(step, [init], [xs], { reverse: draw.chance(0.5) });
  return [...carry, ...ys];
}

function branched(maker: GraphMaker): readonly Tensor[] {
  const x = maker.float();
  const y = maker.like(x.dtype, sizesOf(x));
  const index = maker.indices([], -1, 3);
  return cond(index, [() => [x.add(y)], () => [x.mul(y)], () => [y]]);
}

function repeated(maker: GraphMaker): readonly Tensor[] {
  const x = maker.float();
  const most = maker.draw.integer(0, 4);
  const [count, y] = whileLoop(
    ([n]) => n!.less(3),
    ([n, state]) => [n!.add(1), state!.mul(0.5).add(x)],
    [maker.indices([], 0, 3), x],
    { maxTrip: most },
  );
  return [y!, count!];
}

function called(maker: GraphMaker): readonly Tensor[] {
  const x = maker.float();
  const [a, b] = [input(x), input(x)];
  const y = maker.like(x.dtype, sizesOf(x));
  return call(new Fn("inner", [a, b], [a.mul(b).add(a), b.sub(a)]), [x, y]);
}

function randomWords(maker: GraphMaker): readonly Tensor[] {
  const key = foldIn(maker.fresh("uint32", [2]), maker.draw.integer(0, 9));
  return maker.draw.chance(0.5) ? [randomBits(key, maker.shape(2))] : [randomUniform(key, maker.shape(2))];
}

function permuted(maker: GraphMaker): readonly Tensor[] {
  const x = maker.filled();
  return [x.transpose(maker.draw.shuffled(each(x, (_, i) => i)))];
}

function broadcasted(maker: GraphMaker): readonly Tensor[] {
  const x = maker.value() ?? maker.fresh();
  return [x.broadcastTo([maker.draw.integer(1, 3), ...sizesOf(x)])];
}

function reversed(maker: GraphMaker): readonly Tensor[] {
  const x = maker.filled();
  return [x.reverse({ axis: axisOf(maker, x) })];
}

function counted(maker: GraphMaker): readonly Tensor[] {
  const shape = maker.shape(2);
  return [iota(shape, maker.draw.integer(0, 1), maker.draw.pick(["int32", "float32"])).add(splat(1, [], "int32"))];
}

/** The ways in which a graph grows. */
export const steps: readonly Step[] = [
  { weight: 14, make: scalar },
  {
    weight: 3,
    make: (maker) => attempt(() => applyOp(maker.draw.pick(activations), [maker.value() ?? maker.fresh()])),
  },
  { weight: 1, make: reshaped },
  { weight: 1, make: permuted },
  { weight: 1, make: broadcasted },
  { weight: 2, make: sliced },
  { weight: 1, make: padded },
  { weight: 1, make: reversed },
  { weight: 1, make: concatenated },
  { weight: 1, make: windowed },
  { weight: 2, rough: true, make: gathered },
  { weight: 1, make: moved },
  { weight: 3, make: reduced },
  { weight: 3, make: multiplied },
  { weight: 1, make: sorted },
  { weight: 1, make: scanned },
  { weight: 1, make: branched },
  { weight: 1, rough: true, make: repeated },
  { weight: 1, make: called },
  { weight: 1, rough: true, make: randomWords },
  { weight: 1, make: counted },
  { weight: 1, make: (maker) => barrier(maker.value() ?? maker.fresh(), maker.float()) },
];

export const isSmall = (t: Tensor): boolean => sizesOf(t).reduce((n, d) => n * d, 1) <= MAX_SIZE;
