import type { Logs } from "./model.ts";

/** What an epoch came to: `loss`, each metric, the same of the validation as `valLoss`, `valAccuracy`, …, and the learning rate. */
export type EpochRecord = {
  /** From 1. */
  readonly epoch: number;
  /** Wall-clock time, validation included. */
  readonly seconds: number;
  readonly loss: number;
} & Logs;

/** One batch of every few: about twenty an epoch, always the same ones. */
export interface BatchRecord {
  readonly epoch: number;
  /** In its epoch, from 1. */
  readonly batch: number;
  /** The loss of this batch alone. */
  readonly loss: number;
}

/** The course of a training, over all calls of `fit`. But for `seconds`, the same seed gives the same numbers. */
export interface History {
  readonly epochs: readonly EpochRecord[];
  readonly batches: readonly BatchRecord[];
  /** Why the last `fit` ended before its last epoch: `aborted`, `interrupted`, or what a callback said. */
  readonly stopped?: string;
}

/** `valAccuracy` of `accuracy`. */
export const validationName = (name: string): string => `val${name[0]!.toUpperCase()}${name.slice(1)}`;
