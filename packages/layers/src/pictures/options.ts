import { checkOptions, OptionError, valueText } from "@tenon/tensor";
import { callsOf } from "../calls.ts";
import { type Frame, frameOf } from "../frames.ts";
import type { AnyLayer } from "../layer.ts";
import { folded } from "./folded.ts";

export interface PictureOptions {
  /** How many layers deep the picture shows what is inside; all by default. 1 shows the model's own layers as boxes. */
  readonly depth?: number;
  /** Whether blocks that are alike and follow one another are drawn once, with their number; true by default. */
  readonly fold?: boolean;
}

/** What a picture of a model shows. */
export function pictured(op: string, model: AnyLayer, options: PictureOptions): Frame {
  checkOptions(op, options, ["depth", "fold"]);
  const { depth = Infinity, fold = true } = options;
  if (depth >= 1) return frameOf(callsOf(op, model), depth, fold ? folded : undefined);
  throw new OptionError("E803", op, `depth is ${valueText(depth)}, which is no whole number from 1`, {
    fix: "give a number such as 1, or leave it out",
  });
}
