import { isDeviceLost } from "@tenon/tensor";
import type { RecoverOptions } from "./fit-options.ts";
import { Journal } from "./journal.ts";
import { type Keeper, MAX_LOSSES } from "./keeper.ts";

/** So many times as long as a copy took it is until the next. */
const REST = 100;

/** How one call of `fit` outlives the loss of its device: when the state goes to the host, and where the training stood then. */
export class Recovery<P extends { /** Events before. */ readonly at: number }> {
  readonly journal: Journal;
  readonly #keeper: Keeper;
  readonly #everySteps: number | undefined;
  #place: P | undefined;
  #steps = 0;
  #dueAt = Number.NEGATIVE_INFINITY;
  /** Losses since the training last got further: to a copy of a later state. */
  #losses = 0;

  constructor(keeper: Keeper, options: boolean | RecoverOptions) {
    this.#keeper = keeper;
    this.journal = new Journal(keeper);
    this.#everySteps = typeof options === "boolean" ? undefined : options.everySteps;
  }

  /** Whether it is time for a copy after one more step. */
  stepIsDue(): boolean {
    this.#steps++;
    return this.#everySteps === undefined ? performance.now() >= this.#dueAt : this.#steps >= this.#everySteps;
  }

  /** Whether it is time for one before an epoch, which event `at` begins; not where the training has just gone back to it. */
  epochIsDue(at: number): boolean {
    const isNew = this.#place === undefined || at > this.#place.at;
    return isNew && (this.#everySteps !== undefined || performance.now() >= this.#dueAt);
  }

  /** Copies the state to the host. */
  async keep(place: P): Promise<void> {
    const began = performance.now();
    await this.#keeper.keep();
    this.#dueAt = performance.now() + REST * (performance.now() - began);
    if (this.#place !== undefined && place.at > this.#place.at) this.#losses = 0;
    this.#place = place;
    this.#steps = 0;
    this.journal.forget(place.at);
  }

  /**
   * After an error: gives the state back, and says where it belongs. Throws the error when it is another than the loss of the
   * device, or when the device is lost over and over.
   */
  async back(error: unknown): Promise<P> {
    if (!isDeviceLost(error) || this.#place === undefined || ++this.#losses > MAX_LOSSES) throw error;
    try {
      await this.#keeper.restore();
    } catch (again) {
      return this.back(again);
    }
    // one loss may announce the next
    this.#steps = this.#everySteps ?? 0;
    this.#dueAt = Number.NEGATIVE_INFINITY;
    return this.#place;
  }
}
