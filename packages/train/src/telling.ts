import type { Callback, callbackNames } from "./callbacks.ts";
import type { Journal } from "./journal.ts";

/**
 * The events of a training in their order. Where steps are repeated after the loss of a device the events come again, and
 * nobody is told twice.
 */
export class Telling {
  /** How many events there were up to where the training stands. */
  at = 0;
  /** How many were told. */
  told = 0;
  /** Callbacks that know of the next event already: one after them failed. */
  #next = 0;
  readonly #callbacks: readonly Callback[];
  readonly #journal: Journal | undefined;

  /** @param journal What callbacks do to Variables, where it may have to be done again. */
  constructor(callbacks: readonly Callback[], journal: Journal | undefined) {
    this.#callbacks = callbacks;
    this.#journal = journal;
  }

  /** Whether what happens now has happened before. */
  get isRepeating(): boolean {
    return this.at < this.told;
  }

  /** Does what an event consists in, unless it is done. */
  async once(work: () => unknown): Promise<void> {
    if (!this.isRepeating) await work();
    this.#past();
  }

  /** Tells the callbacks. One that fails by the loss of the device is told again. */
  async tell<N extends (typeof callbackNames)[number]>(
    name: N,
    event: Parameters<NonNullable<Callback[N]>>[0],
  ): Promise<void> {
    await this.#journal?.repeat(this.at);
    if (!this.isRepeating) {
      for (; this.#next < this.#callbacks.length; this.#next++) {
        const callback = this.#callbacks[this.#next]!;
        if (callback[name] === undefined) continue;
        const before = this.#journal?.look();
        await callback[name](event as never);
        if (before !== undefined) await this.#journal!.note(this.at, before);
      }
      this.#next = 0;
    }
    this.#past();
  }

  #past(): void {
    this.at++;
    this.told = Math.max(this.told, this.at);
  }
}
