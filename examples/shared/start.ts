import { parseArgs } from "node:util";
import { checkOptions, currentBackend, OptionError, setBackend, TenonError } from "@tenon/tensor";

/** Options of a program by name: a number is the default, a list has the words to choose from. */
type Options = Readonly<Record<string, number | readonly string[]>>;

/** What the command line says. A choice that was not made is undefined. */
type Values<O extends Options> = {
  readonly [K in keyof O]: O[K] extends readonly (infer Word)[] ? Word | undefined : number;
};

/** What every program gets besides its own options. */
export interface Started {
  readonly seed: number;
  readonly json: boolean;
  /** The id of the backend in use. */
  readonly backend: string;
  /** Says whether the program reached what it is to show; if not, its exit code is 1. With `--json` the last line is `results` and `reached`. */
  check(reached: boolean, wanted: string, results: Readonly<Record<string, unknown>>): void;
}

/**
 * How every example begins: reads `--option value` and `--json` from the command line, and opens the backend.
 *
 * `batchSize: 32` is given as `--batch-size 64`. A wrong option ends the program with a sentence about it and exit code 2.
 */
export async function start<const O extends Options>(program: string, options: O): Promise<Values<O> & Started> {
  try {
    const { json, backend: wanted, ...values } = readOptions(program, { ...options, seed: 0 });
    if (wanted !== undefined || !process.env.TENON_BACKEND) await setBackend(wanted ?? "cpu-js");
    const backend = await currentBackend();
    const check: Started["check"] = (reached, wanted, results) => {
      console.log(reached ? `✓ ${wanted}` : `✗ not reached: ${wanted}`);
      if (json) console.log(JSON.stringify({ ...results, reached }));
      if (!reached) process.exitCode = 1;
    };
    return { ...values, json, backend, check } as unknown as Values<O> & Started;
  } catch (error) {
    return refuse(error);
  }
}

/** Ends the program with the sentence of an error that its user can mend. */
export function refuse(error: unknown): never {
  if (!(error instanceof TenonError)) throw error;
  console.error(String(error));
  process.exit(2);
}

function readOptions(program: string, options: Options) {
  const flags = Object.keys(options).map(flagOf);
  const known = [...flags, "backend", "json", "help"];
  const { values, positionals } = parseArgs({
    strict: false, // so that the sentence about a wrong option is ours
    allowPositionals: true,
    options: {
      ...Object.fromEntries([...flags, "backend"].map((flag) => [flag, { type: "string" as const }])),
      json: { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  checkOptions(program, values, known);
  const fail = (problem: string, fix: string): never => {
    throw new OptionError("E803", program, problem, { fix });
  };
  if (positionals.length > 0) fail(`${positionals[0]} is no option`, `the options are --${known.join(", --")}`);
  for (const flag of ["json", "help"])
    if (typeof values[flag] === "string") fail(`${flag} is ${values[flag]}, but takes no value`, `write --${flag}`);
  if (values.help === true) {
    console.log([`options of ${program}:`, ...Object.entries(options).map(describe), ...common].join("\n"));
    process.exit(0);
  }
  const read = Object.entries(options).map(([name, option]) => {
    const flag = flagOf(name);
    const text = values[flag];
    if (text === undefined) return [name, typeof option === "number" ? option : undefined];
    if (typeof option !== "number") {
      if (option.includes(text as string)) return [name, text];
      return fail(`${flag} is ${text}, which is not one of ${option.join(", ")}`, `for example --${flag} ${option[0]}`);
    }
    const value = typeof text === "string" && text.trim() !== "" ? Number(text) : Number.NaN;
    const whole = Number.isInteger(option);
    const least = name === "seed" ? 0 : whole ? 1 : Number.MIN_VALUE;
    if (value >= least && (whole ? Number.isSafeInteger(value) : value < Infinity)) return [name, value];
    const kind = whole ? `whole number from ${least}` : "number above 0";
    return fail(`${flag} is ${text}, which is no ${kind}`, `for example --${flag} ${option}`);
  });
  if (values.backend === true) fail("backend has no value", "for example --backend cpu-js");
  return {
    ...(Object.fromEntries(read) as Record<string, number | string | undefined>),
    backend: values.backend as string | undefined,
    json: values.json === true,
  };
}

/** `batchSize` is `batch-size` on the command line. */
const flagOf = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const describe = ([name, option]: [string, number | readonly string[]]): string =>
  typeof option === "number" ? `  --${flagOf(name)} N   ${option}` : `  --${flagOf(name)} ${option.join("|")}`;

const common = ["  --backend ID   cpu-js", "  --json   the last line is the result as JSON"];
