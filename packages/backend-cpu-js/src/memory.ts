import { BackendError, LimitError } from "@tenon/ir";
import { type EngineMemory, engine } from "./engine.ts";

const PAGE = 65_536;
/** 4 GiB: what addresses of 32 bits reach. */
const MAX_PAGES = 65_536;
/** Blocks begin at multiples of a cache line. */
export const ALIGN = 64;
/** Bytes behind each block that nobody owns, so that a vector that is read across the end reads nothing of another. */
export const GUARD = 64;
/** What poisoned bytes hold: NaN in every float, and no likely number in an integer. */
const POISON = 0xff;
const SENTINEL = 0xa5;

export interface MemoryDebug {
  /** Overwrites fresh and released memory, so that a use of it shows. */
  readonly poison?: boolean;
  /** Fills what lies between blocks and looks after each run whether it is as it was. */
  readonly sentinels?: boolean;
}

/** Bytes of the memory that belong to one owner. */
export interface Block {
  readonly address: number;
  readonly bytes: number;
}

interface Gap {
  readonly address: number;
  readonly size: number;
}

/**
 * One WebAssembly memory, given out in blocks: best fit among the gaps, which grow together again when what lies between them
 * is given back.
 */
export class Memory {
  readonly engine: EngineMemory;
  readonly #debug: MemoryDebug;
  /** In order of addresses; no two of them touch. */
  readonly #gaps: Gap[] = [];
  readonly #blocks = new Set<Block>();
  /** Where the memory ends. */
  #end = PAGE;
  #bytes: Uint8Array<ArrayBuffer>;
  #words: Int32Array<ArrayBuffer>;

  constructor(debug: MemoryDebug = {}) {
    this.#debug = debug;
    this.engine = new (engine().Memory)({ initial: 1, maximum: MAX_PAGES });
    this.#bytes = new Uint8Array(this.engine.buffer);
    this.#words = new Int32Array(this.engine.buffer);
    this.#gaps.push({ address: ALIGN, size: PAGE - ALIGN }); // no block is at address 0
  }

  /** All bytes; after the next allocation perhaps others. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes;
  }

  get words(): Int32Array<ArrayBuffer> {
    return this.#words;
  }

  alloc(bytes: number): Block {
    const size = blockSize(bytes);
    let best = this.#gaps.length;
    let smallest = Number.POSITIVE_INFINITY;
    for (const [i, gap] of this.#gaps.entries()) {
      if (gap.size < size || gap.size >= smallest) continue;
      best = i;
      smallest = gap.size;
    }
    if (best === this.#gaps.length) best = this.#grow(size);
    const gap = this.#gaps[best]!;
    if (gap.size === size) this.#gaps.splice(best, 1);
    else this.#gaps[best] = { address: gap.address + size, size: gap.size - size };
    const block = { address: gap.address, bytes };
    this.#blocks.add(block);
    const { poison, sentinels } = this.#debug;
    if (poison) this.fill(block.address, bytes);
    if (sentinels) this.#bytes.fill(SENTINEL, block.address + bytes, block.address + size);
    return block;
  }

  free(block: Block): void {
    if (!this.#blocks.delete(block)) return;
    if (this.#debug.poison) this.fill(block.address, block.bytes);
    const { address } = block;
    const size = blockSize(block.bytes);
    let next = this.#gaps.findIndex((gap) => gap.address > address);
    if (next < 0) next = this.#gaps.length;
    const [before, after] = [this.#gaps[next - 1], this.#gaps[next]];
    const joinsBefore = before !== undefined && before.address + before.size === address;
    const joinsAfter = after !== undefined && address + size === after.address;
    const start = joinsBefore ? before.address : address;
    const end = joinsAfter ? after.address + after.size : address + size;
    this.#gaps.splice(next - Number(joinsBefore), Number(joinsBefore) + Number(joinsAfter), {
      address: start,
      size: end - start,
    });
  }

  view({ address, bytes }: Block): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(address, address + bytes);
  }

  /** Poisons bytes. */
  fill(address: number, bytes: number): void {
    this.#bytes.fill(POISON, address, address + bytes);
  }

  /** Throws where something has written behind a block. */
  checkSentinels(op: string): void {
    if (!this.#debug.sentinels) return;
    for (const { address, bytes } of this.#blocks) {
      const guard = this.#bytes.subarray(address + bytes, address + blockSize(bytes));
      const at = guard.findIndex((byte) => byte !== SENTINEL);
      if (at < 0) continue;
      guard.fill(SENTINEL);
      throw new BackendError("E541", op, `the run wrote ${at + 1} bytes behind the end of ${bytes} bytes`);
    }
  }

  /** Adds at least `size` bytes to the last gap, and gives its place. */
  #grow(size: number): number {
    const last = this.#gaps.at(-1);
    const atEnd = last !== undefined && last.address + last.size === this.#end;
    const missing = Math.ceil((size - (atEnd ? last.size : 0)) / PAGE);
    // more than is needed, since growing takes as long for a page as for many
    const more = Math.max(missing, Math.min(this.#end / PAGE / 4, 1024));
    const grown = this.#tryGrow(Math.ceil(more)) ?? this.#tryGrow(missing);
    if (grown === undefined) {
      throw new LimitError("E540", "alloc", `there is no memory left for ${size} bytes beside ${this.#end}`, {
        fix: "release what is not needed any more, or use a smaller batch",
      });
    }
    const address = atEnd ? last.address : this.#end;
    const gap = { address, size: this.#end + grown - address };
    this.#end += grown;
    this.#bytes = new Uint8Array(this.engine.buffer);
    this.#words = new Int32Array(this.engine.buffer);
    if (!atEnd) return this.#gaps.push(gap) - 1;
    this.#gaps[this.#gaps.length - 1] = gap;
    return this.#gaps.length - 1;
  }

  #tryGrow(pages: number): number | undefined {
    try {
      this.engine.grow(pages);
      return pages * PAGE;
    } catch {
      return undefined;
    }
  }
}

const blockSize = (bytes: number): number => Math.ceil(bytes / ALIGN) * ALIGN + GUARD;
