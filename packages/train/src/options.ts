import { checkOptions, didYouMean, isRecord, OptionError, valueText } from "@tenon/tensor";

/** What to do with options that other libraries have. */
const habits: Readonly<Record<string, string>> = {
  validationData: "here it is called validation",
  validation_data: "here it is called validation",
  verbose: "here it is called progress",
  lr: "give the optimizer a learningRate, as in adam({ learningRate: 1e-3 })",
  learningRate: "give it to the optimizer, as in adam({ learningRate: 1e-3 })",
  initialEpoch: "load a file with load(…), and fit goes on from there",
  criterion: "here it is called loss",
  device: "here it is called backend",
};

/** Throws on unknown options, and knows what they are called in other libraries. */
export function checkKnown(op: string, options: unknown, known: readonly string[]): void {
  if (isRecord(options)) {
    for (const key of Object.keys(options)) {
      const here = Object.hasOwn(habits, key) && !known.includes(key) ? habits[key] : undefined;
      if (here === undefined) continue;
      throw new OptionError("E801", op, `unknown option ${key}`, { fix: here });
    }
  }
  checkOptions(op, options, known);
}

/** A whole number from `low`. */
export function checkWhole(op: string, name: string, value: unknown, low: number, example: number): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= low) return value;
  throw new OptionError("E803", op, `${name} is ${valueText(value)}, which is no whole number from ${low}`, {
    fix: `give a number such as ${example}`,
  });
}

/** What a table has under a name. */
export function named<T>(op: string, option: string, name: string, table: Readonly<Record<string, T>>): T {
  if (Object.hasOwn(table, name)) return table[name]!;
  const guess = didYouMean(name, Object.keys(table));
  throw new OptionError("E803", op, `${option} is ${valueText(name)}, which is no known name`, {
    fix: guess === "" ? `use one of ${Object.keys(table).join(", ")}` : guess,
  });
}
