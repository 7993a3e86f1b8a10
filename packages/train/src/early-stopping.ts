import { type HostState, hostState } from "@tenon/tensor";
import type { Callback } from "./callbacks.ts";
import { Monitor, type MonitorOptions } from "./monitor.ts";
import { checkKnown, checkWhole } from "./options.ts";

export interface EarlyStoppingOptions extends MonitorOptions {
  /** How many epochs in a row may bring nothing better; 0 by default: the first such epoch is the last. */
  readonly patience?: number;
  /** Whether the model gets the values of its best epoch back at the end; false by default. */
  readonly restoreBest?: boolean;
}

/**
 * Ends the training when a number stops getting better: `earlyStopping({ monitor: "valLoss", patience: 3, restoreBest: true })`.
 *
 * The history then says `stopped: "earlyStopping"`. The best values are kept on the host. They are the model's, its statistics included, without the optimizer's state. One of
 * these serves one `fit` at a time; it begins anew with each.
 */
export function earlyStopping(options: EarlyStoppingOptions = {}): Callback {
  checkKnown("earlyStopping", options, ["monitor", "mode", "minDelta", "patience", "restoreBest"]);
  const { patience = 0, restoreBest = false } = options;
  checkWhole("earlyStopping", "patience", patience, 0, 3);
  let monitor = new Monitor("earlyStopping", options);
  let kept: HostState | undefined;
  let waited = 0;
  return {
    onTrainBegin() {
      monitor = new Monitor("earlyStopping", options);
      kept = undefined;
      waited = 0;
    },
    async onEpochEnd({ logs, trainer, stop }) {
      if (monitor.improves(logs)) {
        waited = 0;
        if (restoreBest) kept = await hostState(trainer.model, { backend: trainer.backend });
      } else if (++waited > patience) {
        stop("earlyStopping");
      }
    },
    async onTrainEnd() {
      await kept?.restore();
      kept = undefined;
    },
  };
}
