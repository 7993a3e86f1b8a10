import { OptionError, valueText } from "@tenon/tensor";
import type { Callback } from "./callbacks.ts";
import { Monitor, type MonitorOptions } from "./monitor.ts";
import { checkKnown } from "./options.ts";

export interface ModelCheckpointOptions extends MonitorOptions {
  /** Whether only epochs that are the best so far are saved; true by default. */
  readonly bestOnly?: boolean;
}

/** Saves the trainer after each epoch that is the best so far: `modelCheckpoint("best.tenon", { monitor: "valAccuracy" })`. */
export function modelCheckpoint(path: string, options: ModelCheckpointOptions = {}): Callback {
  checkKnown("modelCheckpoint", options, ["monitor", "mode", "minDelta", "bestOnly"]);
  if (typeof path !== "string" || path === "") {
    throw new OptionError("E803", "modelCheckpoint", `the path is ${valueText(path)}`, {
      fix: 'give the name of a file, such as "best.tenon"',
    });
  }
  let monitor = new Monitor("modelCheckpoint", options);
  const { bestOnly = true } = options;
  return {
    onTrainBegin() {
      monitor = new Monitor("modelCheckpoint", options);
    },
    async onEpochEnd({ logs, trainer }) {
      if (monitor.improves(logs) || !bestOnly) await trainer.save(path);
    },
  };
}
