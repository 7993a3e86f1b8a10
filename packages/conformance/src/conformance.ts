import { type Backend, type BackendChoice, type BackendFactory, backendOf } from "@tenon/backend";
import { evaluateTensors } from "@tenon/interpreter";
import { checkOptions, type Fn, OptionError, withTrace } from "@tenon/ir";
import { Unsupported } from "./bench.ts";
import type { Check, Kit, Profile } from "./check.ts";
import { Draw } from "./draw.ts";
import { gradients } from "./gradients.ts";
import { memory } from "./memory.ts";
import { metamorphic } from "./metamorphic.ts";
import { ordering } from "./ordering.ts";
import { randomGraphs } from "./random-graphs.ts";
import { randomNumbers } from "./random-numbers.ts";
import { refusal } from "./refusal.ts";
import { type Cell, type Item, items, Report } from "./report.ts";
import type { Evaluate } from "./sample-runner.ts";
import { training } from "./training.ts";
import { vectors } from "./vectors.ts";

export interface ConformanceOptions {
  /** `quick` takes seconds on a CPU, `full` goes through every dtype and shape; quick by default. */
  readonly profile?: Profile;
  /** The float64 meaning of graphs; the interpreter's by default. */
  readonly reference?: Evaluate;
  /** Of random graphs and operands; the same seed gives the same checks. */
  readonly seed?: number;
  /** Some of the items; all by default. */
  readonly only?: readonly Item[];
  /** Only checks of these ops, by the names in the report. */
  readonly ops?: readonly string[];
  /** Makes about this share of the checks, drawn by seed, where all of them take too long; 1 by default. */
  readonly share?: number;
  /** Steps of each training program; 20 in the quick profile and 200 in the full one by default. */
  readonly steps?: number;
  /** A closed function of one input whose run fails on the backend, where there is one: its error must arrive, late. */
  readonly failing?: Fn;
  /** How long one check may take; 120,000 by default. */
  readonly timeoutMs?: number;
  /** Told of each cell as soon as it is known. */
  readonly onCell?: (cell: Cell) => void;
}

const TIMEOUT_MS = 120_000;
const STEPS = { quick: 20, full: 200 } as const;

const checks: Readonly<Record<Item, (kit: Kit) => Iterable<Check>>> = {
  vectors,
  metamorphic,
  gradients,
  "random-numbers": randomNumbers,
  memory,
  ordering,
  refusal,
  training,
  "random-graphs": randomGraphs,
};

/**
 * Judges a backend by everything that its contract promises: values against the float64 reference, within the tolerance of
 * each op's numeric class, memory, order and refusals. A failed check is a cell of the report, not an error.
 */
export async function conformance(factory: BackendChoice, options: ConformanceOptions = {}): Promise<Report> {
  checkOptions("conformance", options, [
    "profile",
    "reference",
    "seed",
    "only",
    "ops",
    "share",
    "steps",
    "failing",
    "timeoutMs",
    "onCell",
  ]);
  const {
    profile = "quick",
    reference: evaluate = evaluateTensors,
    seed = 1,
    only = items,
    ops,
    share = 1,
    steps = STEPS[profile],
    failing,
    timeoutMs = TIMEOUT_MS,
    onCell,
  } = options;
  for (const item of only)
    if (!items.includes(item))
      throw new OptionError("E803", "conformance", `there is no item ${item}`, {
        fix: `the items are ${items.join(", ")}`,
      });
  const chosen: BackendFactory = backendOf(factory);
  const draw = new Draw(seed, "share");
  const cells: Cell[] = [];
  const add = (cell: Cell): void => {
    cells.push(cell);
    onCell?.(cell);
  };
  for (const item of items) {
    if (!only.includes(item)) continue;
    const backend = await chosen.create();
    const kit: Kit = { factory: chosen, backend, level: backend.caps.level, evaluate, profile, seed, steps, failing };
    for (const check of recordedApart(checks[item](kit)))
      if ((ops === undefined || ops.includes(check.op)) && draw.chance(share))
        add(await cellOf(item, check, timeoutMs));
    const closed = await cellOf(item, closing(backend), timeoutMs);
    if (closed.status === "fail") add(closed);
  }
  return new Report(chosen.id, profile, seed, cells);
}

/**
 * The checks, whose graphs are functions of the kit: a runtime, where one is there, is not told of what they record, and flushes
 * none of it.
 */
function* recordedApart(list: Iterable<Check>): Generator<Check> {
  const iterator = list[Symbol.iterator]();
  for (let next = withTrace(() => iterator.next()); next.done !== true; next = withTrace(() => iterator.next())) {
    const check = next.value;
    yield { ...check, run: () => withTrace(() => check.run()) };
  }
}

const closing = (backend: Backend): Check => ({
  op: "close",
  dtype: "none",
  case: "after all checks",
  run: () => backend.close().then(() => []),
});

async function cellOf(item: Item, { op, dtype, case: title, run }: Check, timeoutMs: number): Promise<Cell> {
  const cell = { item, op, dtype, case: title };
  try {
    const problems = await inTime(run(), timeoutMs);
    if (problems.length === 0) return { ...cell, status: "pass" };
    return { ...cell, status: "fail", detail: problems.join("\n") };
  } catch (error) {
    if (error instanceof Unsupported) return { ...cell, status: "unsupported", detail: error.message };
    return { ...cell, status: "fail", detail: String(error) };
  }
}

/** What the check finds, or that it does not end. */
async function inTime(found: Promise<readonly string[]>, timeoutMs: number): Promise<readonly string[]> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<readonly string[]>((resolve) => {
    timer = setTimeout(() => resolve([`there is no answer after ${timeoutMs} ms`]), timeoutMs);
  });
  try {
    return await Promise.race([found, late]);
  } finally {
    clearTimeout(timer);
  }
}
