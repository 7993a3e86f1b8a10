import { didYouMean, OptionError, valueText } from "@tenon/tensor";
import type { EpochRecord } from "./history.ts";

export interface MonitorOptions {
  /** Which number of the epoch's record; `valLoss` where there is a validation, otherwise `loss`. */
  readonly monitor?: string;
  /** Whether less is better (`min`) or more (`max`); names of losses, errors, accuracies and scores tell it by themselves. */
  readonly mode?: "min" | "max" | "auto";
  /** By how much a value has to be better to count; 0 by default. */
  readonly minDelta?: number;
}

/** Names of numbers of which less is better, and of those of which more is. */
const lessIsBetter = /loss|error|mse|mae|perplexity|entropy|divergence/i;
const moreIsBetter = /accuracy|precision|recall|f1|score|auc/i;

/** Watches one number of the epochs, and knows the best. */
export class Monitor {
  readonly #op: string;
  readonly #options: MonitorOptions;
  best: number | undefined;
  #judged: EpochRecord | undefined;
  #verdict = false;

  constructor(op: string, options: MonitorOptions) {
    const { mode = "auto", minDelta = 0, monitor } = options;
    if (!["min", "max", "auto"].includes(mode)) {
      throw new OptionError("E803", op, `mode is ${valueText(mode)}`, { fix: "use one of min, max, auto" });
    }
    if (!(minDelta >= 0)) {
      throw new OptionError("E803", op, `minDelta is ${valueText(minDelta)}, which is no number from 0`);
    }
    if (monitor !== undefined && typeof monitor !== "string") {
      throw new OptionError("E803", op, `monitor is ${valueText(monitor)}, which is no name`, {
        fix: 'give a name such as "valLoss"',
      });
    }
    this.#op = op;
    this.#options = options;
  }

  /** Whether this epoch is the best so far; asked again of the same record, the same. What is no number never is. */
  improves(logs: EpochRecord): boolean {
    if (logs !== this.#judged) this.#verdict = this.#judge(logs);
    this.#judged = logs;
    return this.#verdict;
  }

  #judge(logs: EpochRecord): boolean {
    const { monitor = "valLoss" in logs ? "valLoss" : "loss", mode = "auto", minDelta = 0 } = this.#options;
    const value = logs[monitor];
    if (value === undefined) throw this.#unknown(monitor, logs);
    const sign = (mode === "auto" ? this.#direction(monitor) : mode) === "min" ? 1 : -1;
    const better = this.best === undefined ? !Number.isNaN(value) : sign * (this.best - value) > minDelta;
    if (better) this.best = value;
    return better;
  }

  #direction(monitor: string): "min" | "max" {
    if (lessIsBetter.test(monitor)) return "min";
    if (moreIsBetter.test(monitor)) return "max";
    throw new OptionError("E803", this.#op, `nothing says whether less or more of ${monitor} is better`, {
      fix: 'give mode: "min" or "max"',
    });
  }

  #unknown(monitor: string, logs: EpochRecord): OptionError {
    const names = Object.keys(logs).filter((name) => name !== "epoch" && name !== "seconds");
    const guess = didYouMean(monitor, names);
    const missing = monitor.startsWith("val") && !names.some((name) => name.startsWith("val"));
    return new OptionError("E803", this.#op, `monitor is ${monitor}, which is none of the epoch's numbers`, {
      operands: { logs: names.join(", ") },
      fix: missing ? "give fit a validation" : guess === "" ? "monitor one of these" : guess,
    });
  }
}
