import { checkFunction, checkOptions, TenonError } from "@tenon/ir";
import {
  type BackendChoice,
  setBackend,
  type Tensor,
  type TensorTree,
  type VariableTree,
  variables,
} from "@tenon/tensor";
import { optimizerChecks } from "./optimizer-checks.ts";

/** What the kit needs of an optimizer: `@tenon/optimizers`' transforms have it. */
export interface OptimizerLike {
  init(params: TensorTree): TensorTree;
  update(grads: TensorTree, state: never, params: TensorTree): readonly [updates: TensorTree, state: TensorTree];
  bind(target: object | null): BoundLike;
}

export interface BoundLike {
  apply(grads: object | null): void;
  [variables](): VariableTree;
  learningRate?: Tensor | number;
}

export interface OptimizerConformanceOptions {
  /** The backend that runs it, from then on preferred for the whole program; the preferred one by default. */
  readonly backend?: BackendChoice;
  /** Of parameters and gradients. */
  readonly seed?: number;
}

/** The outcome of one check. */
export interface OptimizerCell {
  readonly check: string;
  /** `unsupported` where the backend lacks a dtype, or the optimizer has nothing of the kind. */
  readonly status: "pass" | "fail" | "unsupported";
  readonly detail?: string;
}

/** Thrown by a check that does not apply. */
export class NotApplicable extends Error {}

/** What a check works with. */
export interface OptimizerKit {
  /** A new optimizer, always the same. */
  readonly make: () => OptimizerLike;
  readonly seed: number;
}

export class OptimizerReport {
  readonly cells: readonly OptimizerCell[];

  constructor(cells: readonly OptimizerCell[]) {
    this.cells = cells;
  }

  get failures(): readonly OptimizerCell[] {
    return this.cells.filter(({ status }) => status === "fail");
  }

  /** A line per check, and below a failed one what went wrong. */
  summary(): string {
    const marks = { pass: "✓", fail: "✗", unsupported: "–" };
    return this.cells
      .map(({ check, status, detail }) => {
        const lines = detail === undefined ? [] : detail.split("\n").map((line) => `\n  ${line}`);
        return `${marks[status]} ${check}${lines.join("")}`;
      })
      .join("\n");
  }
}

/**
 * Judges an optimizer by what is promised of one: `init` and `update` are pure and keep shapes and dtypes, bound and compiled
 * it does the same in one program, a saved step goes on equally, frozen parameters stay, and it minimises a quadratic.
 *
 * @param make Gives a new optimizer with the same options each time, with a rate that gets somewhere in 300 steps.
 */
export async function optimizerConformance(
  make: () => OptimizerLike,
  options: OptimizerConformanceOptions = {},
): Promise<OptimizerReport> {
  checkFunction("optimizerConformance", "make", make);
  checkOptions("optimizerConformance", options, ["backend", "seed"]);
  const { backend, seed = 1 } = options;
  if (backend !== undefined) await setBackend(backend);
  const cells: OptimizerCell[] = [];
  for (const [check, run] of Object.entries(optimizerChecks))
    cells.push(await cellOf(check, () => run({ make, seed })));
  return new OptimizerReport(cells);
}

const MISSING_DTYPE = "E511";

async function cellOf(check: string, run: () => Promise<readonly string[]>): Promise<OptimizerCell> {
  try {
    const problems = await run();
    if (problems.length === 0) return { check, status: "pass" };
    return { check, status: "fail", detail: problems.join("\n") };
  } catch (error) {
    const missing = error instanceof NotApplicable || (error instanceof TenonError && error.code === MISSING_DTYPE);
    return { check, status: missing ? "unsupported" : "fail", detail: String(error) };
  }
}
