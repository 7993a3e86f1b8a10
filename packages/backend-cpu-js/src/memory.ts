import { LimitError } from "@tenon/ir";
import { type EngineMemory, engine } from "./engine.ts";

const PAGE = 65_536;
/** 4 GiB: what addresses of 32 bits reach. */
const MAX_PAGES = 65_536;
/** Blocks begin at multiples of a cache line. */
export const ALIGN = 64;
/** Bytes behind each block that nobody owns, so that a vector that is read across the end reads nothing of another. */
export const GUARD = 64;

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
  /** In order of addresses. */
  readonly blocks: Block[] = [];
  /** Where the memory ends. */
  #end = PAGE;
  #bytes: Uint8Array<ArrayBuffer>;
  #words: Int32Array<ArrayBuffer>;

  constructor() {
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
    for (const [i, block] of this.blocks.entries()) {
      const gap = block.address - start;
      if (gap >= size && gap < smallest) [smallest, before, address] = [gap, i, start];
      start = endOf(block);
    }
    const last = this.#end - start;
    if (smallest === Infinity || (last >= size && last < smallest)) {
      if (last < size) this.#grow(size, size - last);
      [before, address] = [this.blocks.length, start];
    }
    const block = { address, bytes };
    this.blocks.splice(before, 0, block);
    return block;
  }

  free(block: Block): void {
    const at = this.blocks.indexOf(block);
    if (at >= 0) this.blocks.splice(at, 1);
  }

  view({ address, bytes }: Block): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(address, address + bytes);
  }

  /** Told of each run, with its arena, before it begins and when it has ended. */
  begin(_arena: Block): void {}
  end(_op: string): void {}

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
/** Where the next block may begin. */
export const endOf = ({ address, bytes }: Block): number => address + blockSize(bytes);
