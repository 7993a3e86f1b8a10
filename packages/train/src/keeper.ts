import { type BackendChoice, type HostState, hostState, isDeviceLost, type Variable } from "@tenon/tensor";

/** So many losses in a row without any progress between them are the last. */
export const MAX_LOSSES = 5;

/** Variables as they were: their values, and whether they were trained. */
export class Kept {
  readonly values: HostState;
  readonly #trainable: readonly (readonly [Variable, boolean])[];

  constructor(values: HostState, variables: readonly Variable[]) {
    this.values = values;
    this.#trainable = variables.map((v) => [v, v.trainable]);
  }

  async restore(): Promise<void> {
    await this.values.restore();
    for (const [v, trainable] of this.#trainable) v.trainable = trainable;
  }
}

/** The state of a trainer on the host, for a backend that may lose its device. */
export class Keeper {
  /** How often the state was given back. */
  generation = 0;
  readonly variables: () => readonly Variable[];
  readonly #backend: BackendChoice | undefined;
  #kept: Kept | undefined;
  #restoring: Promise<void> | undefined;

  constructor(variables: () => readonly Variable[], backend: BackendChoice | undefined) {
    this.variables = variables;
    this.#backend = backend;
  }

  /** Copies Variables to the host; what has not changed since `before` is not read again. */
  async read(variables: readonly Variable[], before?: Kept): Promise<Kept> {
    return new Kept(await hostState(variables, { backend: this.#backend, since: before?.values }), variables);
  }

  /** Copies everything to the host. */
  async keep(): Promise<void> {
    this.#kept = await this.read(this.variables(), this.#kept);
  }

  /** Gives back what was last copied, on the device that there is then. Whoever asks meanwhile waits for the same. */
  restore(): Promise<void> {
    this.#restoring ??= this.#restoreNow().finally(() => {
      this.#restoring = undefined;
    });
    return this.#restoring;
  }

  async #restoreNow(): Promise<void> {
    await this.#kept!.restore();
    this.generation++;
  }

  /** Does work that changes nothing, and does it again where the device was lost meanwhile, unless somebody else sees to that. */
  async again<T>(work: () => Promise<T>, isOthers: () => boolean): Promise<T> {
    await this.keep();
    for (let losses = 1; ; losses++) {
      const { generation } = this;
      try {
        return await work();
      } catch (error) {
        if (!isDeviceLost(error) || losses === MAX_LOSSES || isOthers()) throw error;
        if (generation === this.generation) await this.restore();
      }
    }
  }
}
