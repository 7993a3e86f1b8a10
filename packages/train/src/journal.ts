import type { Variable } from "@tenon/tensor";
import type { Keeper, Kept } from "./keeper.ts";

/** What Variables were like before a callback. */
type Look = readonly { readonly v: Variable; readonly version: number; readonly trainable: boolean }[];

/** What callbacks did to Variables, such as setting the learning rate, by event: repeated steps need it again. */
export class Journal {
  readonly #keeper: Keeper;
  readonly #entries = new Map<number, Kept[]>();

  constructor(keeper: Keeper) {
    this.#keeper = keeper;
  }

  look(): Look {
    return this.#keeper.variables().map((v) => ({ v, version: v.version, trainable: v.trainable }));
  }

  /** Keeps what changed since `before`, for event `at`. */
  async note(at: number, before: Look): Promise<void> {
    const changed = before.filter(({ v, version, trainable }) => v.version !== version || v.trainable !== trainable);
    if (changed.length === 0) return;
    const kept = await this.#keeper.read(changed.map(({ v }) => v));
    this.#entries.set(at, [...(this.#entries.get(at) ?? []), kept]);
  }

  /** Does again what was done at event `at`. */
  async repeat(at: number): Promise<void> {
    for (const kept of this.#entries.get(at) ?? []) await kept.restore();
  }

  /** Forgets what nobody will ask for: the state as it was after all events before `at` is on the host. */
  forget(at: number): void {
    for (const event of this.#entries.keys()) if (event < at) this.#entries.delete(event);
  }
}
