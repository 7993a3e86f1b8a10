import type { Tensor } from "@tenon/tensor";
import type { BatchSource } from "./data.ts";
import type { Evaluation } from "./model.ts";
import { argumentsOf, type EvaluationStep, type StepParts } from "./steps.ts";

/** Measures data sets, one after the other: what batches come to is gathered in one place. */
export class Measuring {
  /** How often the state of the trainer had been given back when the last set was measured. */
  #generation = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** Loss and metrics of a set; undefined when it was stopped. */
  measure(
    work: {
      readonly parts: StepParts;
      readonly evaluation: EvaluationStep;
      readonly generation: () => Promise<number>;
    },
    source: BatchSource,
    batchSize: number,
    isStopped: () => boolean,
  ): Promise<Evaluation | undefined> {
    const measured = this.#last.then(() => this.#now(work, source, batchSize, isStopped));
    this.#last = measured.catch(() => {});
    return measured;
  }

  async #now(
    { parts, evaluation: { running, run }, generation }: Parameters<Measuring["measure"]>[0],
    source: BatchSource,
    batchSize: number,
    isStopped: () => boolean,
  ): Promise<Evaluation | undefined> {
    const now = await generation();
    if (now === this.#generation) await running.reset();
    else running.forget();
    this.#generation = now;
    let last: Tensor | undefined;
    for (const part of source.batches(batchSize)) {
      if (isStopped()) return undefined;
      const tensors = await part.tensors();
      last?.dispose();
      last = await run(...argumentsOf(parts, tensors));
      for (const t of Object.values(tensors)) t.dispose();
    }
    const [losses, results] = await Promise.all([last!.data(), running.results()]);
    return { ...running.named(losses as ArrayLike<number>), ...results } as Evaluation;
  }
}
