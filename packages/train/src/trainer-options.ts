import { type BackendChoice, type CompileSettings, OptionError, StateError, valueText, variables } from "@tenon/tensor";
import type { BoundOptimizer, Loss, Metric, Model, Optimizer } from "./model.ts";
import type { LossName, MetricName, OptimizerName } from "./names.ts";
import { checkKnown } from "./options.ts";

export interface TrainerOptions {
  readonly model: Model;
  /**
   * A loss, or the name of one of `@tenon/losses`; where the model gives a record or list, one for all outputs that have
   * targets, or one for each by name.
   */
  readonly loss: Loss | LossName | Readonly<Record<string, Loss | LossName>>;
  /** How much the loss of an output counts, by name; 1 by default. */
  readonly lossWeights?: Readonly<Record<string, number>>;
  /** An optimizer, bound or not, or the name of one with its defaults; `adam` by default. */
  readonly optimizer?: Optimizer | BoundOptimizer | OptimizerName;
  /** What is measured besides the loss; of each output, or of some by name. */
  readonly metrics?: readonly (Metric | MetricName)[] | Readonly<Record<string, readonly (Metric | MetricName)[]>>;
  /** By default what `setBackend`, `TENON_BACKEND` or the configuration say. */
  readonly backend?: BackendChoice;
  /** How the factors of products are rounded in all programs, as `compile` has it: `float32` (by default), `tf32` or `bfloat16`. */
  readonly precision?: CompileSettings["precision"];
  /** Of initial values, the order of examples and random numbers; by default another one for each trainer. */
  readonly seed?: number;
}

export interface EvaluateOptions {
  /** 128 by default; it makes no difference to the result but for rounding. */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
}

export interface SaveOptions {
  /**
   * Which program the file has: `predict`, with the state of the training beside it, from which `load` goes on; or
   * `train`, the step itself, which `loadStep` runs without this code.
   */
  readonly program?: "predict" | "train";
}

export function checkTrainerOptions(options: TrainerOptions): void {
  checkKnown("Trainer", options, [
    "model",
    "loss",
    "lossWeights",
    "optimizer",
    "metrics",
    "backend",
    "precision",
    "seed",
  ]);
}

export function checkModel(model: unknown): Model {
  const isModel = typeof model === "object" && model !== null && "call" in model && variables in model;
  if (isModel) return model as Model;
  throw new OptionError("E803", "Trainer", `the model is ${valueText(model)}, which is no model`, {
    fix: "give a layer, such as sequential([dense(10)])",
  });
}

export function checkBuilt(op: string, model: Model): void {
  if (model.built !== false) return;
  throw new StateError("E826", op, "the model is not built, so that it has no Variables yet", {
    fix: "call fit or load first, or build the model",
  });
}

/** Which program a file is to have, and throws on options that mean nothing. */
export function checkSave(path: string | undefined, options: SaveOptions): "predict" | "train" {
  checkKnown("save", options, ["program"]);
  if (path !== undefined && (typeof path !== "string" || path === "")) {
    throw new OptionError("E803", "save", `the path is ${valueText(path)}`, {
      fix: 'give the name of a file, such as "model.tenon", or none to get the bytes alone',
    });
  }
  const { program = "predict" } = options;
  if (program === "predict" || program === "train") return program;
  throw new OptionError("E803", "save", `program is ${valueText(program)}`, { fix: "use predict or train" });
}
