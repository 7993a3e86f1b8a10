import { didYouMean, OptionError, type Padding, type TensorType, valueText } from "@tenon/tensor";
import { refuse } from "./check.ts";

/** How many spatial axes a layer works on: those between the examples' and the channels'. */
export type SpatialRank = 1 | 2 | 3;

/** What the layers of places have in common. */
export interface SpatialOptions {
  /** The channels are the last axis; there is no other order. */
  readonly dataFormat?: "channelsLast";
}

const shapes = { 1: "(N, steps, C)", 2: "(N, height, width, C)", 3: "(N, depth, height, width, C)" } as const;

/** One whole number per spatial axis. */
export function perAxis(kind: string, name: string, given: unknown, rank: SpatialRank, low = 1): readonly number[] {
  const list: readonly unknown[] = Array.isArray(given) ? given : new Array(rank).fill(given);
  if (list.length === rank && list.every((n) => Number.isSafeInteger(n) && (n as number) >= low))
    return [...(list as readonly number[])];
  const each = rank === 1 ? "" : `, nor a list of ${rank}`;
  throw new OptionError("E803", kind, `${name} is ${valueText(given)}, which is no whole number from ${low}${each}`, {
    fix: rank === 1 ? "give one number" : `give one number, or a list with one for each of the ${rank} axes`,
  });
}

/** Widths before and after each spatial axis: one number for all, one for each axis, or a pair for each. */
export type Margins = Exclude<Padding, string>;

/** A pair of whole numbers, before and after, per spatial axis. With one axis a list of two numbers is its pair. */
export function margins(
  kind: string,
  name: string,
  given: unknown,
  rank: SpatialRank,
): readonly (readonly [number, number])[] {
  const whole = (n: unknown): n is number => Number.isSafeInteger(n) && (n as number) >= 0;
  const isPair = (p: unknown): p is [number, number] => Array.isArray(p) && p.length === 2 && p.every(whole);
  if (rank === 1 && isPair(given)) return [[given[0], given[1]]];
  const list: readonly unknown[] = Array.isArray(given) ? given : new Array(rank).fill(given);
  const pairs = list.map((p) => (whole(p) ? ([p, p] as const) : isPair(p) ? ([p[0], p[1]] as const) : undefined));
  if (pairs.length === rank && !pairs.includes(undefined)) return pairs as [number, number][];
  throw new OptionError(
    "E803",
    kind,
    `${name} is ${valueText(given)}, which is neither a whole number nor a list of ${rank === 1 ? "two" : rank}`,
    { fix: `give one number, or [before, after] ${rank === 1 ? "of the axis" : `for each of the ${rank} axes`}` },
  );
}

/** Refuses channels that are not the last axis. */
export function checkDataFormat(kind: string, given: unknown): void {
  if (given === undefined || given === "channelsLast") return;
  throw new OptionError("E803", kind, `dataFormat is ${valueText(given)}, but channels are always the last axis`, {
    fix: "leave dataFormat out, and bring the channels last, as by permute([2, 3, 1]) or x.moveAxis(1, -1)",
  });
}

/** Refuses an input without the axes of examples and channels around the spatial ones. */
export function checkPlaces(kind: string, x: TensorType, rank: SpatialRank): void {
  const found = x.shape.length;
  if (found === rank + 2) return;
  const sizes = x.shape.slice(1);
  const channels =
    found === rank + 1 && sizes.every((d) => typeof d === "number")
      ? `give it channels, as by reshape([${sizes.join(", ")}, 1])`
      : `give it the axes ${shapes[rank]}`;
  refuse(kind, x, "E206", `the input has rank ${found}, not ${rank + 2}, in ${shapes[rank]}`, channels);
}

/** `3×3`, or `3` of one axis. */
export const sizeText = (sizes: readonly number[]): string => sizes.join("×");

/** The axes between the first and the last. */
export const spatialAxes = (rank: SpatialRank): readonly number[] => Array.from({ length: rank }, (_, i) => i + 1);

const paddings: readonly unknown[] = ["valid", "same"];

/** The padding that an option names, or pairs of widths, one per axis. */
export function paddingOf(
  kind: string,
  given: unknown,
  rank: SpatialRank,
): "valid" | "same" | readonly (readonly [number, number])[] {
  if (paddings.includes(given)) return given as "valid" | "same";
  if (typeof given !== "string") return margins(kind, "padding", given, rank);
  const guess = didYouMean(given, paddings as string[]);
  throw new OptionError("E803", kind, `padding is ${valueText(given)}, which is no padding`, {
    fix: guess === "" ? 'use "valid", "same", or numbers of zeros' : guess,
  });
}

/** Refuses another number of channels than the layer was built for. */
export function checkChannels(kind: string, x: TensorType, channels: number): void {
  const found = x.shape.at(-1)!;
  if (found === channels) return;
  refuse(
    kind,
    x,
    "E204",
    `the input has ${found} channels but the layer was built for ${channels}`,
    `give it ${channels} channels, the last axis`,
  );
}

/** What a summary says of a window's steps: ` stride 2 same dilation 3`. */
export function windowText(layer: {
  readonly strides: readonly number[];
  readonly padding: "valid" | "same" | "causal" | readonly (readonly [number, number])[];
  readonly dilationRate?: readonly number[];
}): string {
  const { strides, padding, dilationRate = [1] } = layer;
  const by = (name: string, list: readonly number[]): string =>
    list.every((n) => n === 1) ? "" : ` ${name} ${list.every((n) => n === list[0]) ? list[0] : sizeText(list)}`;
  const around =
    padding === "valid" ? "" : ` ${typeof padding === "string" ? padding : `padding ${marginText(padding)}`}`;
  return `${by("stride", strides)}${around}${by("dilation", dilationRate)}`;
}

/** `1`, where all widths are equal; else `[1, 0]×[2, 2]`. */
export function marginText(pairs: readonly (readonly [number, number])[]): string {
  const [[first]] = pairs as [[number, number]];
  return pairs.flat().every((n) => n === first) ? `${first}` : pairs.map((pair) => `[${pair.join(", ")}]`).join("×");
}
