import { BackendError } from "@tenon/ir";
import { type Block, endOf, Memory } from "./memory.ts";

/** What poisoned bytes hold: NaN in every float, and no likely number in an integer. */
const POISON = 0xff;
const SENTINEL = 0xa5;

export interface MemoryDebug {
  /** Overwrites fresh and released memory, so that a use of it shows. */
  readonly poison?: boolean;
  /** Fills what lies between blocks and looks after each run whether it is as it was. */
  readonly sentinels?: boolean;
}

/** A memory that finds uses of what nobody has written, and writes where nobody should. */
export class WatchedMemory extends Memory {
  readonly #poison: boolean;
  readonly #sentinels: boolean;

  constructor({ poison = false, sentinels = false }: MemoryDebug) {
    super();
    this.#poison = poison;
    this.#sentinels = sentinels;
  }

  override alloc(bytes: number): Block {
    const block = super.alloc(bytes);
    this.begin(block);
    if (this.#sentinels) this.bytes.fill(SENTINEL, block.address + bytes, endOf(block));
    return block;
  }

  override free(block: Block): void {
    if (this.blocks.includes(block)) this.begin(block);
    super.free(block);
  }

  /** Poisons a block. */
  override begin(block: Block): void {
    if (this.#poison) this.view(block).fill(POISON);
  }

  /** Throws where something has written behind a block. */
  override end(op: string): void {
    if (!this.#sentinels) return;
    for (const block of this.blocks) {
      const { address, bytes } = block;
      const guard = this.bytes.subarray(address + bytes, endOf(block));
      const at = guard.findIndex((byte) => byte !== SENTINEL);
      if (at < 0) continue;
      guard.fill(SENTINEL);
      throw new BackendError("E541", op, `the run wrote ${at + 1} bytes behind the end of ${bytes} bytes`);
    }
  }
}
