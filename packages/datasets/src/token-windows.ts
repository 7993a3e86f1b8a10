import { checkOptions, HostRandom, valueText } from "@tenon/tensor";
import { Column } from "./column.ts";
import { type Dataset, dataset } from "./dataset.ts";
import { checkWhole, outside } from "./range.ts";
import { type Seed, seedKey } from "./seed.ts";
import { blocks, startsOf } from "./sliding-windows.ts";

export interface TokenWindowsOptions {
  /** How many tokens a window has. */
  readonly length: number;
  /** How many tokens one window begins after another; `length` by default, so that each token is foretold once. */
  readonly stride?: number;
}

/**
 * A sequence of tokens cut into windows for a language model: x (count, length), and y the same one token later, both
 * int32.
 *
 * y[i, t] is the token after x[i, t]. A rest that fills no window is left out.
 */
export function tokenWindows(tokens: ArrayLike<number>, options: TokenWindowsOptions): Dataset {
  checkOptions("tokenWindows", options, ["length", "stride"]);
  const { length, stride = length } = options;
  for (const [name, value] of Object.entries({ length, stride }))
    checkWhole("tokenWindows", name, value, 1, 2 ** 31 - 2);
  const ids = sequence("tokenWindows", tokens);
  return shifted(ids, startsOf("tokenWindows", ids.size, { length: length + 1, stride }), length);
}

export interface RandomTokenWindowsOptions {
  /** How many tokens a window has. */
  readonly length: number;
  /** How many windows: the number of steps times the size of a batch. */
  readonly count: number;
  /** The same seed gives the same windows on every machine; 0 by default. */
  readonly seed?: Seed;
}

/**
 * Windows that begin anywhere in a sequence of tokens, all places being equally likely. x (count, length), y (count,
 * length)
 *
 * `for (const batch of randomTokenWindows(ids, { length: 64, count: 2000 * 12 }).batches(12))` are 2,000 steps of 12
 * windows. Window i depends on the seed and i alone, so that fewer windows are the beginning of more.
 */
export function randomTokenWindows(tokens: ArrayLike<number>, options: RandomTokenWindowsOptions): Dataset {
  checkOptions("randomTokenWindows", options, ["length", "count", "seed"]);
  const { length, count, seed = 0 } = options;
  checkWhole("randomTokenWindows", "length", length, 1, 2 ** 31 - 2);
  checkWhole("randomTokenWindows", "count", count, 0, 2 ** 31 - 1);
  const ids = sequence("randomTokenWindows", tokens);
  const places = startsOf("randomTokenWindows", ids.size, { length: length + 1, stride: 1 }).length;
  const random = new HostRandom(seedKey("randomTokenWindows", "seed", seed));
  return shifted(
    ids,
    Array.from({ length: count }, () => random.integer(places)),
    length,
  );
}

const shifted = (ids: Column, starts: readonly number[], length: number): Dataset =>
  dataset({
    x: new Column(blocks(ids, starts, 0, length), [starts.length, length]),
    y: new Column(blocks(ids, starts, 1, length), [starts.length, length]),
  });

function sequence(op: string, tokens: unknown): Column {
  if (Array.isArray(tokens) || ArrayBuffer.isView(tokens)) {
    const ids = tokens instanceof Int32Array ? tokens : Int32Array.from(tokens as unknown as ArrayLike<number>);
    return new Column(ids, [ids.length]);
  }
  throw outside(
    op,
    `the tokens are ${valueText(tokens)}`,
    "give a list of whole numbers, such as characters(text).encode(text)",
  );
}
