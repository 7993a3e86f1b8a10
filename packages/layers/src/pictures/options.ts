import { checkOptions, OptionError, valueText } from "@tenon/tensor";

export interface PictureOptions {
  /** How many layers deep the picture shows what is inside; all by default. 1 shows the model's own layers as boxes. */
  readonly depth?: number;
}

export function checkDepth(op: string, options: PictureOptions): number {
  checkOptions(op, options, ["depth"]);
  const { depth = Infinity } = options;
  if (depth >= 1) return depth;
  throw new OptionError("E803", op, `depth is ${valueText(depth)}, which is no whole number from 1`, {
    fix: "give a number such as 1, or leave it out",
  });
}
