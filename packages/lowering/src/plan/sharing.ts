import { dtypes } from "@tenon/ir";
import { constantIndex } from "../index-expression.ts";
import type { Index } from "../index-node.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { BufferSpec, Copy, Launch, StepProgram, Stretch } from "../kernel/program.ts";
import type { Lifetimes } from "./lifetimes.ts";

/** Slots of a kernel of which the second may be written where the first is read, by number. */
export type InPlacePairs = (kernel: Kernel) => readonly (readonly [readSlot: number, writtenSlot: number])[];

/** Memory that holds one buffer, or several one after the other. */
export interface PlannedMemory {
  /** The input, result or constant that has this memory; undefined where it is the plan's to place. */
  readonly outside: number | undefined;
  readonly elements: Index;
  readonly bytesPerElement: number;
  /** Times at which it is in use, both inclusive. */
  readonly first: number;
  readonly last: number;
}

export interface Sharing {
  readonly memories: readonly PlannedMemory[];
  /** For each buffer the number of its memory; −1 where nothing uses it. */
  readonly memoryOf: readonly number[];
  /** Results that could not be computed in the memory that they belong in, and the inputs to whose memory they go at the end. */
  readonly copies: readonly Copy[];
}

/**
 * Which buffers are the same memory: a result and the input that it is an alias of, and what a launch may write where it
 * reads what nobody reads later.
 */
export function shareMemory(program: StepProgram, lifetimes: Lifetimes, inPlace: InPlacePairs): Sharing {
  const successions = successionsOf(program, lifetimes, inPlace);
  const sets = new Sets(program.buffers, lifetimes, successions);
  const copies: Copy[] = [];
  for (const [donor, result] of donationsOf(program)) {
    if (sets.donate(donor, result)) continue;
    const { elements } = program.buffers[result]!;
    copies.push({ kind: "copy", from: whole(result), to: whole(donor), elements });
  }
  for (const [x, y] of successions) sets.share(x, y);
  return { ...sets.memories(), copies };
}

const whole = (buffer: number): Stretch => ({ buffer, start: constantIndex(0) });

type Pair = readonly [before: number, after: number];

/** Inputs that give their memory to a result, and those results. */
function donationsOf({ signature, buffers }: StepProgram): readonly Pair[] {
  const number = (kind: "input" | "result", index: number): number =>
    buffers.findIndex(({ place }) => place.kind === kind && place.index === index);
  return signature.inputs.flatMap(({ alias }, i) =>
    alias === undefined ? [] : [[number("input", i), number("result", alias)] as const],
  );
}

/** Buffers of which the first is read for the last time where the second is written for the first, and may be in its place. */
function successionsOf(
  { kernels, buffers: specs }: StepProgram,
  { events, first, last }: Lifetimes,
  inPlace: InPlacePairs,
): readonly Pair[] {
  const pairs = kernels.map(inPlace);
  const found: Pair[] = [];
  for (const [now, event] of events.entries()) {
    const meet = (x: number, y: number): boolean => x !== y && last[x] === now && first[y] === now;
    if (event?.kind === "copy") {
      const { from, to, elements } = event;
      const isWhole = ({ buffer, start }: Stretch) =>
        start === constantIndex(0) && specs[buffer]!.elements === elements;
      if (isWhole(from) && isWhole(to) && meet(from.buffer, to.buffer)) found.push([from.buffer, to.buffer]);
    }
    if (event?.kind !== "launch") continue;
    const allowed = pairs[event.kernel]!;
    if (allowed.length === 0) continue;
    const uses = usesIn(event);
    for (const { buffers } of event.instances) {
      for (const [read, written] of allowed) {
        const [x, y] = [buffers[read]!, buffers[written]!];
        if (!meet(x, y) || uses.get(y) !== 1) continue;
        // every slot that reads x has to allow it, and other instances must not read x at all
        const readers = allowed.filter(([slot, target]) => target === written && buffers[slot] === x);
        if (readers.length === uses.get(x)) found.push([x, y]);
      }
    }
  }
  return found;
}

function usesIn({ instances }: Launch): ReadonlyMap<number, number> {
  const uses = new Map<number, number>();
  for (const { buffers } of instances) for (const b of buffers) uses.set(b, (uses.get(b) ?? 0) + 1);
  return uses;
}

/** The times at which a buffer is in use; −1 for the memory of an input that waits for what is copied into it at the end. */
interface Interval {
  readonly buffer: number;
  readonly first: number;
  readonly last: number;
}

interface MemorySet {
  readonly intervals: Interval[];
  outside: number | undefined;
}

/** Buffers in sets that are one memory each. */
class Sets {
  readonly #buffers: readonly BufferSpec[];
  readonly #end: number;
  readonly #sets: MemorySet[];
  readonly #successions: ReadonlySet<number>;
  readonly #given = new Set<number>();

  constructor(buffers: readonly BufferSpec[], { first, last, end }: Lifetimes, successions: readonly Pair[]) {
    this.#buffers = buffers;
    this.#end = end;
    this.#successions = new Set(successions.map(([x, y]) => x * buffers.length + y));
    this.#sets = buffers.map(({ place }, b) => ({
      intervals: first[b]! <= last[b]! ? [{ buffer: b, first: first[b]!, last: last[b]! }] : [],
      outside: place.kind === "temporary" ? undefined : b,
    }));
  }

  /** Puts a result into the memory of the input that is given up for it. False where it has to be copied there at the end. */
  donate(donor: number, result: number): boolean {
    this.#given.add(donor);
    const [from, to] = [this.#sets[donor]!, this.#sets[result]!];
    to.outside = undefined;
    if (this.#disjoint(from, to)) {
      this.#join(from, to);
      return true;
    }
    from.intervals.push({ buffer: -1, first: this.#end, last: this.#end });
    return false;
  }

  /** Puts `y` into the memory of `x`, where both have one size and may have one place. */
  share(x: number, y: number): void {
    const [a, b] = [this.#buffers[x]!, this.#buffers[y]!];
    if (a.elements !== b.elements || bytesPerElement(a) !== bytesPerElement(b)) return;
    if (a.place.kind === "constant" || (a.place.kind === "input" && !this.#given.has(x))) return;
    const [from, to] = [this.#sets[x]!, this.#sets[y]!];
    if (from === to || (from.outside !== undefined && to.outside !== undefined)) return;
    if (this.#disjoint(from, to)) this.#join(from, to);
  }

  memories(): Pick<Sharing, "memories" | "memoryOf"> {
    const numbers = new Map<MemorySet, number>();
    const memories: PlannedMemory[] = [];
    const memoryOf = this.#sets.map((set, b) => {
      if (set.intervals.length === 0 && set.outside === undefined) return -1;
      const known = numbers.get(set);
      if (known !== undefined) return known;
      numbers.set(set, memories.length);
      const spec = this.#buffers[b]!;
      return (
        memories.push({
          outside: set.outside,
          elements: spec.elements,
          bytesPerElement: bytesPerElement(spec),
          first: Math.min(...set.intervals.map((i) => i.first)),
          last: Math.max(...set.intervals.map((i) => i.last)),
        }) - 1
      );
    });
    return { memories, memoryOf };
  }

  /** Whether nothing of one set is in use when something of the other is, but for what takes its place in one event. */
  #disjoint(one: MemorySet, other: MemorySet): boolean {
    const follows = (a: Interval, b: Interval): boolean =>
      a.last === b.first && this.#successions.has(a.buffer * this.#buffers.length + b.buffer);
    return one.intervals.every((a) =>
      other.intervals.every((b) => a.first > b.last || b.first > a.last || follows(a, b) || follows(b, a)),
    );
  }

  #join(one: MemorySet, other: MemorySet): void {
    one.intervals.push(...other.intervals);
    one.outside ??= other.outside;
    for (const { buffer } of other.intervals) if (buffer >= 0) this.#sets[buffer] = one;
  }
}

const bytesPerElement = ({ dtype }: BufferSpec): number => dtypes[dtype].byteLength;
