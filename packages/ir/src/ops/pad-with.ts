import { type Dim, dimAtMost, dimSub } from "../dim.ts";
import { checkOptions, OptionError } from "../errors.ts";
import { broadcastShape, checkTensor } from "../promote.ts";
import { valueText } from "../prose.ts";
import type { Operand } from "../record.ts";
import { checked, fail } from "../rule.ts";
import { integers, normal, samplesOf } from "../sample.ts";
import type { Tensor } from "../tensor.ts";
import { concat } from "./concat.ts";
import { reverse } from "./move.ts";
import { pad } from "./pad.ts";
import { sliceAxis } from "./slice.ts";

const modes = ["constant", "reflect", "edge", "wrap"] as const;
export type PadMode = (typeof modes)[number];

export interface PadWithOptions {
  /** How many entries before each axis; 0 for axes that are not listed. */
  readonly lo?: readonly number[];
  /** How many entries after each axis. */
  readonly hi?: readonly number[];
  /** What is put there: `value`, the operand mirrored at its first and last entries, those entries, or its other end. */
  readonly mode?: PadMode;
  /** For `constant`; 0 by default. */
  readonly value?: Operand;
}

/**
 * The operand with entries before and after each axis, as NumPy's `pad`: PyTorch calls `edge` replicate and `wrap`
 * circular. With `reflect` the ends stand once; what is wider than the operand goes on in the same way.
 */
export function padWith(x: Tensor, options: PadWithOptions): Tensor {
  checkTensor("padWith", "x", x);
  checkOptions("padWith", options, ["lo", "hi", "mode", "value"]);
  const { lo = [], hi = [], mode = "constant", value = 0 } = options;
  const known = modes.find((m) => m === mode);
  if (known === undefined)
    throw new OptionError("E803", "padWith", `mode is ${valueText(mode)}`, { fix: `use one of ${modes.join(", ")}` });
  if (known === "constant") return pad(x, { lo, hi, value });
  if (options.value !== undefined)
    throw new OptionError("E803", "padWith", `value is given, but the mode is ${known}`, {
      fix: 'use mode: "constant"',
    });
  for (const [name, list] of Object.entries({ lo, hi })) {
    const whole = Array.isArray(list) && list.every((n) => Number.isSafeInteger(n) && n >= 0);
    if (!whole || list.length > x.rank)
      throw new OptionError("E803", "padWith", `${name} is ${valueText(list)}`, {
        fix: `give whole numbers from 0, for at most ${x.rank} of the axes`,
      });
  }
  return x.shape.reduce<Tensor>((t, _, axis) => {
    const [before, after] = [lo[axis] ?? 0, hi[axis] ?? 0];
    return before === 0 && after === 0 ? t : extended(t, axis, before, after, known);
  }, x);
}

function extended(x: Tensor, axis: number, lo: number, hi: number, mode: Exclude<PadMode, "constant">): Tensor {
  const n = x.shape[axis]!;
  checked(
    "padWith",
    { x },
    () => undefined,
    () => checkWidth(n, axis, Math.max(lo, hi), mode),
  );
  const [first, last] = [sliceAxis(x, axis, 0, 1), sliceAxis(x, axis, dimSub(n, 1))];
  const one = mode === "edge" || (mode === "reflect" && n === 1);
  const repeated = (entry: Tensor, count: number): Tensor => broadcastShape(entry, x.shape.with(axis, count));
  const pieces = one
    ? [repeated(first, lo), x, repeated(last, hi)]
    : [...copies(x, axis, lo, mode, "before").reverse(), x, ...copies(x, axis, hi, mode, "after")];
  return concat(
    pieces.filter((piece) => piece.shape[axis] !== 0),
    { axis },
  );
}

/** A symbolic axis is copied at most once. */
function checkWidth(n: Dim, axis: number, width: number, mode: PadMode): void {
  if (n === 0) fail("E210", `axis ${axis} of x has size 0, and nothing cannot be continued`);
  const most = mode === "edge" ? width : mode === "wrap" ? n : dimSub(n, 1);
  if (typeof n === "number" || dimAtMost(width, most)) return;
  fail(
    "E210",
    `${width} entries may be more than axis ${axis} of size ${n} has`,
    `give the symbols ranges from which ${width} <= ${most} follows`,
  );
}

/** `width` entries of the copies that stand beside x, the nearest copy first; the last one may be a part. */
function copies(x: Tensor, axis: number, width: number, mode: "reflect" | "wrap", side: "before" | "after"): Tensor[] {
  const n = x.shape[axis]!;
  const length = mode === "wrap" ? n : dimSub(n, 1);
  const pieces: Tensor[] = [];
  for (let rest = width, turned = mode === "reflect"; rest > 0; turned = mode === "reflect" && !turned) {
    const count = typeof length === "number" ? Math.min(rest, length) : rest;
    // towards x stands, of a mirrored copy, the end beside x without the entry that x has already
    const fromStart = side === "before" ? turned : !turned;
    const skipped = mode === "reflect" ? 1 : 0;
    const start = fromStart ? skipped : dimSub(dimSub(n, skipped), count);
    const piece = sliceAxis(x, axis, start, typeof start === "number" ? start + count : dimSub(n, skipped));
    pieces.push(turned ? reverse(piece, { axis }) : piece);
    rest -= count;
  }
  return pieces;
}

export const padWithSamples = () =>
  samplesOf(padWith, [
    [normal([2, 4, 3]), { lo: [0, 2, 0], hi: [0, 3, 1], mode: "reflect" }],
    [normal([2, 3]), { lo: [1], hi: [0, 2], mode: "edge" }],
    [normal([3, 2]), { lo: [2, 0], hi: [7, 1], mode: "wrap" }],
    [integers([3], -9, 9), { lo: [5], hi: [4], mode: "reflect" }],
  ]);
