import { bodiesOf, type Use, usesOf } from "../kernel/items.ts";
import type { Copy, Item, Launch, StepProgram } from "../kernel/program.ts";
import { rare } from "../parts.ts";

/** What happens at a time: buffers are read and written there. */
export type Event = Launch | Copy;

/** When the buffers of a program hold something, in events counted from 0; both ends are inclusive. */
export interface Lifetimes {
  /** By number; undefined where what is read says how control goes on. */
  readonly events: readonly (Event | undefined)[];
  /** By buffer. −1 for what is there before the run; more than `last` where nothing uses it. */
  readonly first: readonly number[];
  /** By buffer. `end` for what is there after the run. */
  readonly last: readonly number[];
  /** The time after all events. */
  readonly end: number;
}

/** The uses in `log` from `from` to `to` are made again and again, at the times between `start` and `stop`. */
export interface Repeated {
  readonly from: number;
  readonly to: number;
  readonly start: number;
  readonly stop: number;
}

/**
 * When each buffer is in use. What a loop uses is in use for as long as the loop runs, unless each iteration writes it
 * before it reads it and nothing outside of the loop uses it.
 */
export function lifetimesOf({ items, buffers, kernels }: StepProgram): Lifetimes {
  const events: (Event | undefined)[] = [];
  const log: Pick<Use, "buffer" | "reads">[] = [];
  const loops: Repeated[] = [];
  const first = buffers.map(() => Number.POSITIVE_INFINITY);
  const last = buffers.map(() => -1);
  const uses = buffers.map(() => 0);

  const use = (buffer: number, reads: boolean): void => {
    last[buffer] = events.length - 1;
    first[buffer] = Math.min(first[buffer]!, last[buffer]);
    uses[buffer]!++;
    log.push({ buffer, reads });
  };
  const repeat = (walk: () => void): void => {
    const [from, start] = [log.length, events.length];
    walk();
    if (events.length > start) loops.push({ from, to: log.length, start, stop: events.length - 1 });
  };
  const now = (item: Item): void => {
    events.push(item.kind === "launch" || item.kind === "copy" ? item : undefined);
    for (const { buffer, reads } of usesOf(item, kernels)) use(buffer, reads);
  };
  const walk = (item: Item): void => {
    if (item.kind === "loop") repeat(() => item.body.forEach(walk));
    else if (item.kind === "while")
      repeat(() => {
        item.condition.forEach(walk);
        now(item);
        item.body.forEach(walk);
      });
    else {
      now(item);
      bodiesOf(item).flat().forEach(walk);
    }
  };
  items.forEach(walk);

  const end = events.length;
  for (const [b, { place }] of buffers.entries()) {
    if (place.kind === "constant" || place.kind === "input") first[b] = -1;
    if (place.kind === "constant" || place.kind === "result") last[b] = end;
  }
  if (loops.length > 0) rare.now.keepThroughLoops({ buffers, loops, log, uses, first, last });
  return { events, first, last, end };
}
