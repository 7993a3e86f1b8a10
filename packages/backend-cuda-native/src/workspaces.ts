import type { Block, Memory } from "./memory.ts";

/**
 * Memory for what programs keep between their kernels. Runs come one after another, so that plans share one block as long as it
 * is large enough; it never moves while a plan has it.
 */
export class Workspaces {
  readonly #memory: Memory;
  readonly #users = new Map<Block, number>();
  #current: Block | undefined;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  lend(bytes: number, largest: () => Readonly<Record<string, string>>): Block {
    let block = this.#current;
    if (block === undefined || block.size < bytes) {
      block = this.#memory.alloc(Math.max(1, bytes), largest);
      const before = this.#current; // it may have gone to make room
      this.#current = block;
      if (before !== undefined && this.#users.get(before) === 0) this.#drop(before);
    }
    this.#users.set(block, (this.#users.get(block) ?? 0) + 1);
    return block;
  }

  giveBack(block: Block): void {
    const users = this.#users.get(block)! - 1;
    this.#users.set(block, users);
    if (users === 0 && block !== this.#current) this.#drop(block);
  }

  /** Gives up what nobody uses. */
  trim(): void {
    const block = this.#current;
    if (block === undefined || (this.#users.get(block) ?? 0) > 0) return;
    this.#current = undefined;
    this.#drop(block);
  }

  #drop(block: Block): void {
    this.#users.delete(block);
    this.#memory.free(block);
  }
}
