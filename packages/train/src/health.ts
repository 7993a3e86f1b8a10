import { foldIn, type Tensor, tensor } from "@tenon/tensor";
import type { BadBatch } from "./diagnose.ts";
import type { StepParts, TrainingStep } from "./steps.ts";
import type { Trainer } from "./trainer.ts";

/** Watches whether the losses of a training are finite, from the batches whose losses have not been seen. */
export class Health {
  readonly #training: TrainingStep;
  readonly #parts: StepParts;
  #unseen: { readonly tensors: BadBatch["tensors"]; readonly step: number; readonly batch: number }[] = [];

  constructor(training: TrainingStep, parts: StepParts) {
    this.#training = training;
    this.#parts = parts;
  }

  /** Takes note of a batch that is about to be run. */
  note(tensors: BadBatch["tensors"], step: number, batch: number): void {
    this.#unseen.push({ tensors, step, batch });
  }

  /** Looks at what the last step returned: frees the batches up to it, or throws and says why its loss is not finite. */
  async check(values: ArrayLike<number>, trainer: Trainer, epoch: number, batch: number): Promise<void> {
    if (Number.isFinite(values[0]) && Number.isFinite(values[1])) {
      for (const { tensors } of this.#unseen) for (const t of Object.values(tensors)) t.dispose();
      this.#unseen = [];
      return;
    }
    const training = this.#training;
    const updates = Number(await training.count.value.item());
    const { tensors, ...at } = this.#unseen.find(({ step }) => step === updates) ?? this.#unseen.at(-1)!;
    const words = (await training.key.value.data()) as Uint32Array;
    const key: Tensor = foldIn(tensor(words), tensor(updates, { dtype: "int32" }));
    const bad: BadBatch = { tensors, key, epoch, batch: at.batch ?? batch };
    const { diagnose } = await import("./diagnose.ts"); // most trainings do without
    const error = await diagnose(this.#parts, trainer.optimizer, bad);
    training.healthy.assign(tensor(true)); // so that another fit can go on from here, in an epoch of its own
    throw error;
  }

  /** Forgets what will be run again. */
  forget(): void {
    this.#unseen = [];
  }
}
