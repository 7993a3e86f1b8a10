import type { EpochRecord, History } from "./history.ts";
import type { Logs } from "./model.ts";
import type { Trainer } from "./trainer.ts";

/** What every callback is told. */
export interface TrainEvent {
  readonly trainer: Trainer;
  /** The last epoch of this `fit`. */
  readonly epochs: number;
  /** Ends the training after this step or epoch; the reason stands in the history. */
  stop(reason?: string): void;
}

export interface EpochEvent extends TrainEvent {
  /** From 1, counted over all calls of `fit`. */
  readonly epoch: number;
}

export interface BatchEvent extends EpochEvent {
  /** From 1, in the epoch, of `batches`. */
  readonly batch: number;
  readonly batches: number;
  /** Loss and metrics of the epoch so far. Asking waits for the device, so ask seldom. */
  logs(): Promise<Logs>;
}

export interface EpochEndEvent extends EpochEvent {
  readonly logs: EpochRecord;
}

export interface TrainEndEvent extends TrainEvent {
  readonly history: History;
}

/** Functions that are called, and awaited, while a model is trained. */
export interface Callback {
  onTrainBegin?(event: TrainEvent): unknown;
  onEpochBegin?(event: EpochEvent): unknown;
  onBatchEnd?(event: BatchEvent): unknown;
  onEpochEnd?(event: EpochEndEvent): unknown;
  /** After the last epoch, also when the training was stopped; not after an error. */
  onTrainEnd?(event: TrainEndEvent): unknown;
}

export const callbackNames = ["onTrainBegin", "onEpochBegin", "onBatchEnd", "onEpochEnd", "onTrainEnd"] as const;
