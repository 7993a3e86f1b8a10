import { applyOp, convertTo, type Dim, type DType, isFloat, type Node, reshape, type Tensor } from "@tenon/ir";
import { likely, likelyCount } from "./likely.ts";

/** Most elements that are left for each result of the second reduction. */
const MOST = 1024;
/** With fewer, the second reduction costs more than the first one gains. */
const FEWEST = 8;

/**
 * A reduction to few elements as two, of which the first has more threads: along the last axis of the operand a workgroup has
 * each result, across it a thread. So many results keep a device busy, so many elements take one of them long.
 */
const busy = { along: 32, across: 16_384 } as const;
const long = { along: 16_384, across: 2048 } as const;

/** Two reductions in the place of one that would leave most of a device idle. What is added up in which order is fixed. */
export function splitReduction({ op, inputs, attrs }: Node): readonly Tensor[] | undefined {
  if (op.name !== "reduce") return undefined;
  const x = inputs[0]!;
  const axes = attrs.axes as readonly number[];
  const way = axes.includes(x.shape.length - 1) ? "along" : "across";
  const [results, elements] = [true, false].map((kept) =>
    likelyCount(x.shape.filter((_, axis) => axes.includes(axis) !== kept)),
  ) as [number, number];
  if (results > busy[way] || elements < long[way]) return undefined;
  // an axis is divided by a reshape, and what is computed element by element would be stored before it
  const later = laterAxes(x.shape, axes, x.op.kind !== "scalar");
  if (later === undefined) return undefined;
  const acc = attrs.acc as DType;
  const { shape, first, second } = later;
  const divided = reshape(x, shape);
  const wide = isFloat(x.dtype) ? convertTo(divided, acc) : divided; // integers wrap in either step
  const [part] = applyOp(op, [wide], { ...attrs, axes: first });
  const [whole] = applyOp(op, [part!], { ...attrs, axes: second });
  return [convertTo(whole!, x.dtype)];
}

interface Split {
  /** Of the operand, where an axis is divided. */
  readonly shape: readonly Dim[];
  readonly first: readonly number[];
  /** Of what the first reduction leaves. */
  readonly second: readonly number[];
}

/** Which axes are reduced later: the first ones as far as they are not too long, then a part of one where that may be. */
function laterAxes(shape: readonly Dim[], axes: readonly number[], divides: boolean): Split | undefined {
  let count = 1;
  const kept = new Set<number>();
  for (const axis of axes) {
    const size = likely(shape[axis]!);
    if (count * size <= MOST) {
      kept.add(axis);
      count *= size;
      continue;
    }
    const part = divides && typeof shape[axis] === "number" ? divisorOf(size, Math.floor(MOST / count)) : 1;
    if (count * part < FEWEST) return undefined;
    return part === 1
      ? splitAt(shape, axes, kept)
      : splitAt(divided(shape, axis, part), moved(axes, axis), kept.add(axis));
  }
  return undefined;
}

/** The greatest divisor of a size that is not above a limit. */
function divisorOf(size: number, limit: number): number {
  for (let divisor = Math.min(size - 1, limit); divisor > 1; divisor--) if (size % divisor === 0) return divisor;
  return 1;
}

const divided = (shape: readonly Dim[], axis: number, part: number): readonly Dim[] =>
  shape.flatMap((size, i) => (i === axis ? [part, (size as number) / part] : [size]));

/** The same axes where one has become two. */
const moved = (axes: readonly number[], axis: number): readonly number[] =>
  axes.flatMap((i) => (i < axis ? [i] : i === axis ? [i, i + 1] : [i + 1]));

function splitAt(shape: readonly Dim[], axes: readonly number[], kept: ReadonlySet<number>): Split {
  const first = axes.filter((axis) => !kept.has(axis));
  const left = shape.flatMap((_, axis) => (first.includes(axis) ? [] : [axis]));
  return { shape, first, second: left.flatMap((axis, i) => (kept.has(axis) ? [i] : [])) };
}
