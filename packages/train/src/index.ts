export type {
  BatchEvent,
  Callback,
  EpochEndEvent,
  EpochEvent,
  TrainEndEvent,
  TrainEvent,
} from "./callbacks.ts";
export type { Data, DataColumn, DataSource, Inputs } from "./data.ts";
export { type EarlyStoppingOptions, earlyStopping } from "./early-stopping.ts";
export type { FitOptions, RecoverOptions } from "./fit-options.ts";
export type { BatchRecord, EpochRecord, History } from "./history.ts";
export type { BoundOptimizer, Evaluation, Logs, Loss, Metric, Model, Optimizer } from "./model.ts";
export { type ModelCheckpointOptions, modelCheckpoint } from "./model-checkpoint.ts";
export type { MonitorOptions } from "./monitor.ts";
export type { LossName, MetricName, OptimizerName } from "./names.ts";
export type { ProgressChoice, ProgressOptions } from "./progress.ts";
export type { OneOrMore } from "./roles.ts";
export { Trainer } from "./trainer.ts";
export type { EvaluateOptions, SaveOptions, TrainerOptions } from "./trainer-options.ts";
