import { addIndex, ceilDiv, constantIndex, type Index, multiplyIndex } from "@tenon/lowering";

const CACHE_LINE = 64;

export const roundUp = (x: Index, to: number): Index => multiplyIndex(ceilDiv(x, to), to);

/** Scratch memory in pieces, one after the other at the beginnings of cache lines. Places are of bytes. */
export class Scratch {
  bytes: Index = constantIndex(0);

  /** The place of a piece. */
  take(bytes: Index): Index {
    const start = this.bytes;
    this.bytes = roundUp(addIndex(start, bytes), CACHE_LINE);
    return start;
  }
}

/** Pieces of these sizes as places; and the bytes of all of them. */
export function placesIn<const N extends string>(
  sizes: Readonly<Record<N, Index>>,
): Readonly<Record<N | "bytes", Index>> {
  const scratch = new Scratch();
  const places = Object.entries<Index>(sizes).map(([name, bytes]) => [name, scratch.take(bytes)] as const);
  return { ...Object.fromEntries(places), bytes: scratch.bytes } as Readonly<Record<N | "bytes", Index>>;
}
