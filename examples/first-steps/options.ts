import { parseArgs } from "node:util";
import { checkOptions, OptionError, TenonError } from "@tenon/tensor";

export interface Options {
  readonly dataset: "mnist" | "digits" | undefined;
  /** To learn from. */
  readonly images: number;
  readonly epochs: number;
  /** Images in a batch. */
  readonly batch: number;
  readonly backend: string | undefined;
  readonly seed: number;
  readonly json: boolean;
}

const names = ["dataset", "images", "epochs", "batch", "backend", "seed", "json"];

/** The command line's options; a wrong one ends the program with a sentence about it. */
export function readOptions(): Options {
  try {
    const { values, positionals } = parseArgs({
      strict: false,
      allowPositionals: true,
      options: {
        ...Object.fromEntries(names.map((name) => [name, { type: "string" as const }])),
        json: { type: "boolean" },
      },
    });
    checkOptions("first-steps", values, names);
    if (positionals.length > 0)
      throw new OptionError("E803", "first-steps", `${positionals[0]} is no option`, {
        fix: `the options are --${names.join(", --")}`,
      });
    return {
      dataset: oneOf("dataset", values.dataset, ["mnist", "digits"]),
      images: whole("images", values.images, 60_000, 1),
      epochs: whole("epochs", values.epochs, 3, 1),
      batch: whole("batch", values.batch, 128, 1),
      backend: values.backend as string | undefined,
      seed: whole("seed", values.seed, 0, 0),
      json: values.json === true,
    };
  } catch (error) {
    return refuse(error);
  }
}

/** Ends the program with the sentence of an error that the user can mend. */
export function refuse(error: unknown): never {
  if (!(error instanceof TenonError)) throw error;
  console.error(String(error));
  return process.exit(2);
}

function whole(name: string, text: unknown, fallback: number, min: number): number {
  if (text === undefined) return fallback;
  const value = typeof text === "string" && text.trim() !== "" ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value) && value >= min) return value;
  throw new OptionError("E803", "first-steps", `${name} is ${String(text)}, which is no whole number from ${min}`, {
    fix: `for example --${name} ${fallback}`,
  });
}

function oneOf<T extends string>(name: string, text: unknown, words: readonly T[]): T | undefined {
  const found = words.find((word) => word === text);
  if (text === undefined || found !== undefined) return found;
  throw new OptionError("E803", "first-steps", `${name} is ${String(text)}, which is not one of ${words.join(", ")}`, {
    fix: `for example --${name} ${words[0]}`,
  });
}
