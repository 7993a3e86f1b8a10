/** Bytes of a cell: what every device allows as the offset of a binding. */
export const CELL = 256;
/** Most bytes of a range in a slab. */
export const MAX_SMALL = 4 * CELL;

/** Which bytes of one buffer are taken, by ranges of one, two or four cells. */
export class Slab {
  /** Bytes up to which ranges were taken so far. */
  end = 0;
  readonly #free = new Map<number, number[]>();

  /** The offset of a range: one that was given back, the last first, or else at the end. */
  take(bytes: number): number {
    const size = cellBytes(bytes);
    const known = this.#free.get(size)?.pop();
    if (known !== undefined) return known;
    const offset = this.end;
    this.end += size;
    return offset;
  }

  give(offset: number, bytes: number): void {
    const size = cellBytes(bytes);
    const list = this.#free.get(size);
    if (list === undefined) this.#free.set(size, [offset]);
    else list.push(offset);
  }
}

/** Bytes that a range of so many takes. */
export const cellBytes = (bytes: number): number => (bytes <= CELL ? CELL : bytes <= 2 * CELL ? 2 * CELL : MAX_SMALL);
