import type { HostKey, Tensor } from "@tenon/tensor";
import type { EpochEvent } from "./callbacks.ts";
import type { Position } from "./checkpoint.ts";
import type { BatchSource, DataSource } from "./data.ts";
import type { BatchRecord, EpochRecord } from "./history.ts";
import type { Keeper } from "./keeper.ts";
import type { Evaluation } from "./model.ts";
import type { Resident } from "./resident.ts";
import type { StepParts, TrainingStep } from "./steps.ts";
import type { Trainer } from "./trainer.ts";

/** What a trainer lends to one call of `fit`. */
export interface FitHost {
  readonly trainer: Trainer;
  /** What keeps the state on the host; undefined where the device cannot be lost. */
  keeper(): Promise<Keeper | undefined>;
  /** The data in the device's memory, where that is its own and has room. */
  resident(source: DataSource): Promise<Resident | undefined>;
  prepare(source: DataSource): { training: TrainingStep; parts: StepParts };
  checkData(source: DataSource, name: string): void;
  measure(source: BatchSource, batchSize: number, isStopped: () => boolean): Promise<Evaluation | undefined>;
  /** Where the order of an epoch comes from. */
  orderKey(epoch: number): HostKey;
  position(): Position;
  moveTo(position: Position): void;
  record(news: { epoch?: EpochRecord; batches?: readonly BatchRecord[]; stopped: string | undefined }): void;
}

/** Where a training stands within an epoch. */
export interface Course {
  readonly event: EpochEvent;
  readonly began: number;
  /** Batches of the epoch that an earlier `fit` has run. */
  readonly skipped: number;
  /** Batches that are done, and the examples in those of this `fit`. */
  batch: number;
  examples: number;
  /** What goes into the history. */
  readonly records: BatchRecord[];
  /** Batches whose loss will go there. */
  samples: { readonly batch: number; readonly returned: Tensor }[];
}

/** A course that no later batch changes; the losses of its batches have all been read. */
export const copyOf = (course: Course): Course => ({ ...course, records: [...course.records], samples: [] });

/** Where a training stood when its state was copied to the host. */
export interface Place {
  readonly position: Position;
  /** Undefined before the first. */
  readonly steps: number | undefined;
  readonly at: number;
  /** Undefined between epochs. */
  readonly course: Course | undefined;
}
