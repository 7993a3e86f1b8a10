import { isFailure } from "./native.ts";

/** So many that nobody has any more are kept, for sizes that come back. */
export const MOST_IDLE = 256;

interface Entry<T> {
  readonly made: T | string;
  readonly users: Set<object>;
}

/**
 * What a library has made ready, by what it was told: kept as long as somebody has it, and a while longer. Sizes may be new for ever, as
 * lengths of texts are, and what stands ready for one takes memory of the host and of the device.
 */
export class Prepared<T extends { readonly number: number }> {
  readonly #remove: (number: number) => void;
  /** What was wanted last stands at the end. */
  readonly #entries = new Map<string, Entry<T>>();

  /** @param remove Gives up what was made ready, by its number. */
  constructor(remove: (number: number) => void) {
    this.#remove = remove;
  }

  /** What is ready, or why nothing is; made where nobody wanted it before. The user has it until it leaves. */
  get(told: string, user: object, make: () => T | string): T | string {
    const entry = this.#entries.get(told) ?? { made: make(), users: new Set() };
    entry.users.add(user);
    this.#entries.delete(told);
    this.#entries.set(told, entry);
    return entry.made;
  }

  /** A user wants nothing any more. */
  leave(user: object): void {
    const idle: [told: string, made: T | string][] = [];
    for (const [told, { made, users }] of this.#entries) {
      users.delete(user);
      if (users.size === 0) idle.push([told, made]);
    }
    for (const [told, made] of idle.slice(0, Math.max(0, idle.length - MOST_IDLE))) {
      this.#entries.delete(told);
      if (typeof made !== "string") this.#giveUp(made.number);
    }
  }

  /** Does not throw: whoever asks next is told of a device that has failed. */
  #giveUp(number: number): void {
    try {
      this.#remove(number);
    } catch (error) {
      if (!isFailure(error)) throw error;
    }
  }
}
