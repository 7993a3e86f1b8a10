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

/**
 * One WebAssembly memory, given out in blocks, each in the smallest gap between others that it fits in.
 */
export class Memory {
  readonly engine: EngineMemory;
  readonly #debug: MemoryDebug;
  /** In order of addresses. */
  readonly #blocks: Block[] = [];
  /** Where the memory ends. */
  #end = PAGE;
  #bytes: Uint8Array<ArrayBuffer>;
  #words: Int32Array<ArrayBuffer>;

  constructor(debug: MemoryDebug = {}) {
    this.#debug = debug;
    this.engine = new (engine().Memory)({ initial: 1, maximum: MAX_PAGES });
    this.#bytes = new Uint8Array(this.engine.buffer);
    this.#words = new Int32Array(this.engine.buffer);
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
    let smallest = Infinity;
    let [before, address] = [0, 0]; // which block comes after it, and where it is
    let start = ALIGN; // of the gap that is looked at; no block is at address 0
    for (const [i, block] of this.#blocks.entries()) {
      const gap = block.address - start;
      if (gap >= size && gap < smallest) [smallest, before, address] = [gap, i, start];
      start = endOf(block);
    }
    const last = this.#end - start;
    if (smallest === Infinity || (last >= size && last < smallest)) {
      if (last < size) this.#grow(size, size - last);
      [before, address] = [this.#blocks.length, start];
    }
    const block = { address, bytes };
    this.#blocks.splice(before, 0, block);
    const { poison, sentinels } = this.#debug;
    if (poison) this.fill(address, bytes);
    if (sentinels) this.#bytes.fill(SENTINEL, address + bytes, address + size);
    return block;
  }

  free(block: Block): void {
    const at = this.#blocks.indexOf(block);
    if (at < 0) return;
    this.#blocks.splice(at, 1);
    if (this.#debug.poison) this.fill(block.address, block.bytes);
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
    for (const block of this.#blocks) {
      const { address, bytes } = block;
      const guard = this.#bytes.subarray(address + bytes, endOf(block));
      const at = guard.findIndex((byte) => byte !== SENTINEL);
      if (at < 0) continue;
      guard.fill(SENTINEL);
      throw new BackendError("E541", op, `the run wrote ${at + 1} bytes behind the end of ${bytes} bytes`);
    }
  }

  /** Adds at least `missing` bytes, for a block of `size` bytes. */
  #grow(size: number, missing: number): void {
    const pages = Math.ceil(missing / PAGE);
    // more than is needed, since growing takes as long for a page as for many
    const more = Math.ceil(Math.max(pages, Math.min(this.#end / PAGE / 4, 1024)));
    if (!this.#tryGrow(more) && !this.#tryGrow(pages))
      throw new LimitError("E540", "alloc", `there is no memory left for ${size} bytes beside ${this.#end}`, {
        fix: "release what is not needed any more, or use a smaller batch",
      });
    this.#bytes = new Uint8Array(this.engine.buffer);
    this.#words = new Int32Array(this.engine.buffer);
  }

  #tryGrow(pages: number): boolean {
    try {
      this.engine.grow(pages);
    } catch {
      return false;
    }
    this.#end += pages * PAGE;
    return true;
  }
}

const blockSize = (bytes: number): number => Math.ceil(bytes / ALIGN) * ALIGN + GUARD;
const endOf = ({ address, bytes }: Block): number => address + blockSize(bytes);
