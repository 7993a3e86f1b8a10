import {
  type CompileSettings,
  type HostKey,
  hostFoldIn,
  hostKey,
  key,
  StateError,
  typeText,
  type Variable,
  variablesOf,
} from "@tenon/tensor";
import { treeLeaves } from "@tenon/tree";
import type { DataSource } from "./data.ts";
import type { BoundOptimizer, Model, Optimizer } from "./model.ts";
import type { Judgement } from "./outputs.ts";
import { inputsIn, type Plan, planOf, type Types, typesIn } from "./plan.ts";
import type { Role } from "./roles.ts";
import { type PredictionStep, predictionStep, type StepParts, TrainingStep } from "./steps.ts";
import { checkBuilt } from "./trainer-options.ts";

/** What programs are made of. */
export interface ProgramsOptions {
  readonly model: Model;
  readonly settings: CompileSettings;
  readonly seed: number;
  readonly optimizer: Optimizer | BoundOptimizer;
  readonly judgement: Judgement;
}

/** Streams of random numbers that are derived from the seed. The model's initial values take the seed's own key. */
export const streams = { steps: 1, order: 2 } as const;

/** The programs that a trainer compiles for its model, each when it is first wanted. */
export class Programs {
  /** What is known once the types of data are. */
  plan: Plan | undefined;
  readonly #options: ProgramsOptions;
  #bound: BoundOptimizer | undefined;
  #training: TrainingStep | undefined;
  #prediction: { readonly inputs: string; readonly run: PredictionStep } | undefined;

  constructor(options: ProgramsOptions) {
    this.#options = options;
  }

  get optimizer(): BoundOptimizer {
    if (this.#bound === undefined) {
      const { model, optimizer } = this.#options;
      checkBuilt("optimizer", model);
      this.#bound = "bind" in optimizer ? optimizer.bind(model) : optimizer;
    }
    return this.#bound;
  }

  /** Builds the model where it is not built, and gives the step for such data. */
  prepare(source: DataSource): { training: TrainingStep; parts: StepParts } {
    const training = this.trainingFor(this.plan?.parts.types ?? typesIn(source));
    return { training, parts: this.plan!.parts };
  }

  trainingFor(types: Types): TrainingStep {
    const { model, seed } = this.#options;
    if (model.built === false) model.build?.({ key: key(seed), inputs: inputsIn(types) });
    const { parts } = this.planOf(types);
    this.#training ??= new TrainingStep(parts, this.optimizer, this.streamKey(streams.steps));
    return this.#training;
  }

  requireTraining(op: string): TrainingStep {
    if (this.#training !== undefined) return this.#training;
    throw new StateError("E826", op, "the model has not been trained, so the types of its data are not known", {
      fix: "call fit or load first",
    });
  }

  /** The first types that come are those of all later data. */
  planOf(types: Types): Plan {
    this.plan ??= planOf(this.#options, this.#options.judgement, types);
    return this.plan;
  }

  predictionOf(inputs: Role, types: Types): PredictionStep {
    const text = inputs.columns.map((column) => `${column} ${typeText(types[column]!)}`).join();
    if (this.#prediction?.inputs !== text) {
      const run = predictionStep(
        this.#options,
        inputs.arrange((column) => types[column]!),
      );
      this.#prediction = { inputs: text, run };
    }
    return this.#prediction.run;
  }

  streamKey(stream: number): HostKey {
    return hostFoldIn(hostKey(this.#options.seed), stream);
  }

  /** Everything that a step changes, or reads. */
  variables(): readonly Variable[] {
    const training = this.#training;
    const bound = this.#bound === undefined ? [] : variablesIn(this.#bound);
    const model = variablesIn(this.#options.model);
    return [...model, ...bound, ...(training?.variables ?? []), ...(training?.run.variables ?? [])];
  }
}

export const variablesIn = (source: object): readonly Variable[] =>
  treeLeaves<unknown>(variablesOf(source)) as Variable[];
