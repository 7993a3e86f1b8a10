import type { Backend, BackendFactory } from "@tenon/backend";
import { type DType, type Elements, Fn, type Tensor } from "@tenon/ir";
import { type RunOn, runOn } from "./bench.ts";
import { Draw } from "./draw.ts";
import { expectedResults, problemsOf } from "./judge.ts";
import type { Evaluate } from "./sample-runner.ts";
import type { Level } from "./tolerance.ts";

/** `quick` takes seconds on a CPU, `full` goes through every dtype and shape. */
export type Profile = "quick" | "full";

/** What checks work with. */
export interface Kit {
  readonly factory: BackendFactory;
  /** One backend for all checks that need none of their own. */
  readonly backend: Backend;
  readonly level: Level;
  readonly evaluate: Evaluate;
  readonly profile: Profile;
  readonly seed: number;
  /** Steps of each training program. */
  readonly steps: number;
  /** A function of one input whose run fails, where the backend's author has one. */
  readonly failing: Fn | undefined;
}

/** One check, not yet made; what it yields are problems. */
export interface Check {
  readonly op: string;
  readonly dtype: string;
  readonly case: string;
  run(): Promise<readonly string[]>;
}

export const drawOf = ({ seed }: Kit, name: string): Draw => new Draw(seed, name);

/** The dtypes of operands, each once: `bool, float32`. */
export const dtypesOf = (list: readonly { readonly dtype: DType }[]): string =>
  [...new Set(list.map(({ dtype }) => dtype))].join(", ") || "none";

export const valuesOf = (inputs: readonly Tensor[], args: readonly Elements[]): ReadonlyMap<Tensor, Elements> =>
  new Map(inputs.map((t, i) => [t, args[i]!]));

/** Problems of a graph on the backend, against the reference. */
export async function agrees(
  { backend, evaluate, level }: Kit,
  inputs: readonly Tensor[],
  results: readonly Tensor[],
  args: readonly Elements[],
  run: RunOn = {},
): Promise<readonly string[]> {
  const actual = await runOn(backend, new Fn("fn", inputs, results), args, run);
  return problemsOf(expectedResults(results, valuesOf(inputs, args), evaluate, level), actual);
}
