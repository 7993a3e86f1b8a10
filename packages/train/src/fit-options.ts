import { OptionError, valueText } from "@tenon/tensor";
import { type Callback, callbackNames } from "./callbacks.ts";
import { type Data, type DataSource, limited } from "./data.ts";
import { checkKnown, checkWhole } from "./options.ts";
import type { ProgressChoice } from "./progress.ts";

export interface FitOptions {
  /** How many epochs to train now. */
  readonly epochs: number;
  /** 32 by default. */
  readonly batchSize?: number;
  /** How many steps an epoch has; by default as many as there are batches. Data without an end need it. */
  readonly stepsPerEpoch?: number;
  /** Data that loss and metrics are computed of after each epoch. */
  readonly validation?: Data;
  /** The share of the data, at their end, that is kept for validation. */
  readonly validationSplit?: number;
  /** Whether the examples come in another order in each epoch; true by default. */
  readonly shuffle?: boolean;
  readonly callbacks?: readonly Callback[];
  /** Ends the training after the step that is running; the history then says `stopped: "aborted"`. */
  readonly signal?: AbortSignal;
  /** How progress is shown: `auto`, `bar`, `lines`, `quiet`, or options; `auto` by default. */
  readonly progress?: ProgressChoice;
  /**
   * Whether Ctrl-C ends the training after the step that is running, with `stopped: "interrupted"`; a path to save the
   * trainer there. A second Ctrl-C is the program's. False by default.
   */
  readonly handleInterrupt?: boolean | string;
  /**
   * Whether the training outlives the loss of its device: what a step changes is copied to the host now and then, and the
   * steps since are repeated, to the same bits. True by default: so seldom that copying takes a hundredth of the time, and not
   * at all where no device can be lost. `{ everySteps }` copies after so many steps, and before each epoch.
   */
  readonly recover?: boolean | RecoverOptions;
}

export interface RecoverOptions {
  readonly everySteps: number;
}

const optionNames = [
  ...["epochs", "batchSize", "validation", "validationSplit", "shuffle", "callbacks", "signal", "progress"],
  ...["handleInterrupt", "recover", "stepsPerEpoch"],
];

/** Throws on options that mean nothing. */
export function checkFitOptions(options: FitOptions): void {
  checkKnown("fit", options, optionNames);
  const {
    epochs,
    batchSize = 32,
    stepsPerEpoch = 1,
    validation,
    validationSplit: split,
    callbacks = [],
    recover = true,
  } = options;
  if (epochs === undefined) {
    throw new OptionError("E802", "fit", "epochs is missing", { fix: "say how long to train, as in { epochs: 5 }" });
  }
  checkWhole("fit", "epochs", epochs, 0, 5);
  checkWhole("fit", "batchSize", batchSize, 1, 32);
  checkWhole("fit", "stepsPerEpoch", stepsPerEpoch, 1, 100);
  if (split !== undefined && !(split > 0 && split < 1)) {
    throw new OptionError("E803", "fit", `validationSplit is ${valueText(split)}, which is no share between 0 and 1`, {
      fix: "give a number such as 0.2",
    });
  }
  if (split !== undefined && validation !== undefined) {
    throw new OptionError("E803", "fit", "validation and validationSplit are both given", { fix: "leave one out" });
  }
  if (!Array.isArray(callbacks)) {
    throw new OptionError("E803", "fit", `callbacks is ${valueText(callbacks)}, which is no list`, {
      fix: "give a list, such as callbacks: [earlyStopping()]",
    });
  }
  for (const callback of callbacks) checkCallback(callback);
  if (typeof recover === "boolean") return;
  checkKnown("recover", recover, ["everySteps"]);
  checkWhole("recover", "everySteps", recover.everySteps, 1, 100);
}

/** The data without the share at their end, and that share. */
export function splitOff(all: DataSource, share: number): [DataSource, DataSource] {
  limited("fit", all);
  const kept = all.size - Math.max(1, Math.round(all.size * share));
  if (kept > 0) return [all.slice(0, kept), all.slice(kept)];
  throw new OptionError("E821", "fit", `validationSplit leaves nothing of ${all.size} rows to train with`, {
    fix: "give more examples, or a smaller share",
  });
}

/** Throws where the data have not as many batches as an epoch is to have steps, or no end and nothing says how many. */
export function checkSteps({ size }: DataSource, batchSize: number, steps: number | undefined): void {
  if (steps === undefined && !Number.isFinite(size)) {
    throw new OptionError("E802", "fit", "stepsPerEpoch is missing, and the data never end", {
      fix: "say how many steps an epoch has, as in { stepsPerEpoch: 100 }",
    });
  }
  const batches = Math.ceil(size / batchSize);
  if (steps === undefined || steps <= batches) return;
  throw new OptionError(
    "E803",
    "fit",
    `stepsPerEpoch is ${steps}, but the data have ${batches} ${batches === 1 ? "batch" : "batches"}`,
    {
      fix: "leave it out, and train for more epochs",
    },
  );
}

/** A callback may have fields of its own, but what looks like an event has to be one. */
function checkCallback(callback: unknown): void {
  if (typeof callback !== "object" || callback === null) {
    throw new OptionError("E803", "fit", `a callback is ${valueText(callback)}`, {
      fix: typeof callback === "function" ? "give a record, as in { onEpochEnd: … }" : "give records of functions",
    });
  }
  const events = Object.entries(callback).filter(([name]) => /^on[A-Z]/.test(name));
  checkKnown("callbacks", Object.fromEntries(events), callbackNames);
}
