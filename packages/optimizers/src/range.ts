import { checkOptions, isRecord, OptionError, valueText } from "@tenon/tensor";

/** What a number among the options may be. */
export interface Range {
  readonly min?: number;
  /** The number is above this one. */
  readonly above?: number;
  /** The number is below this one. */
  readonly below?: number;
  readonly whole?: boolean;
}

/** Throws unless every option is known and every number among them is in its range. */
export function checkRanges(
  op: string,
  options: object,
  ranges: Readonly<Record<string, Range>>,
  others: readonly string[] = [],
): void {
  checkNames(op, options, [...others, ...Object.keys(ranges)]);
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined && ranges[name] !== undefined) checkNumber(op, name, value, ranges[name]);
  }
}

/** What other libraries call some options, where the spelling alone would not lead here. */
const elsewhere: Readonly<Record<string, string>> = {
  ...{ lr: "learningRate", eta: "learningRate", epsilon: "eps", betas: "beta1", wd: "weightDecay" },
  ...{ alpha: "rho", mu: "momentum" },
};

/** Throws on an unknown option, and says which was probably meant. */
export function checkNames(op: string, options: unknown, known: readonly string[]): void {
  if (isRecord(options)) {
    const foreign = Object.keys(options).find((key) => !known.includes(key) && known.includes(elsewhere[key]!));
    if (foreign !== undefined) {
      throw new OptionError("E801", op, `unknown option ${foreign}`, { fix: `did you mean ${elsewhere[foreign]}?` });
    }
  }
  checkOptions(op, options, known);
}

/** Throws unless `value` is a number of the range. */
export function checkNumber(op: string, name: string, value: unknown, range: Range): asserts value is number {
  const { min = -Infinity, above = -Infinity, below = Infinity, whole = false } = range;
  const right = typeof value === "number" && Number.isFinite(value) && value >= min && value > above && value < below;
  if (right && (!whole || Number.isInteger(value))) return;
  const bounds = [
    ...(min > -Infinity ? [`from ${min}`] : []),
    ...(above > -Infinity ? [`above ${above}`] : []),
    ...(below < Infinity ? [`below ${below}`] : []),
  ];
  throw new OptionError("E803", op, `${name} is ${valueText(value)}`, {
    fix: `give a ${whole ? "whole" : "finite"} number ${bounds.join(" and ")}`.trimEnd(),
  });
}

/** A share that is kept from step to step. */
export const SHARE: Range = { min: 0, below: 1 };
export const POSITIVE: Range = { above: 0 };
export const NOT_NEGATIVE: Range = { min: 0 };
export const COUNT: Range = { min: 1, whole: true };
