import type { Use } from "../kernel/items.ts";
import type { BufferSpec } from "../kernel/program.ts";
import type { Repeated } from "./lifetimes.ts";

/** What the lifetimes of buffers are made of. */
export interface Uses {
  readonly buffers: readonly BufferSpec[];
  /** Inner loops stand before those around them. */
  readonly loops: readonly Repeated[];
  readonly log: readonly Pick<Use, "buffer" | "reads">[];
  /** How often each buffer is used. */
  readonly uses: readonly number[];
  readonly first: number[];
  readonly last: number[];
}

/**
 * What a loop uses is in use for as long as the loop runs, unless each iteration writes it before it reads it and nothing
 * outside of the loop uses it.
 */
export function keepThroughLoops({ buffers, loops, log, uses, first, last }: Uses): void {
  for (const { from, to, start, stop } of loops) {
    const inside = new Map<number, { count: number; carried: boolean }>();
    for (let i = from; i < to; i++) {
      const { buffer, reads } = log[i]!;
      const known = inside.get(buffer);
      if (known === undefined) inside.set(buffer, { count: 1, carried: reads });
      else known.count++;
    }
    for (const [buffer, { count, carried }] of inside) {
      if (!carried && count === uses[buffer] && buffers[buffer]!.place.kind === "temporary") continue;
      first[buffer] = Math.min(first[buffer]!, start);
      last[buffer] = Math.max(last[buffer]!, stop);
    }
  }
}
