import { checkOptions } from "@tenon/ir";
import { type ChosenBackend, pickBackend, type Resolve } from "./pick.ts";
import type { BackendChoice } from "./registry.ts";

/** What a configuration file may say. */
export interface BackendConfig {
  readonly backend?: BackendChoice;
  /** Options of that backend. */
  readonly options?: unknown;
}

/** Where a choice may come from; the first that says something wins, and `auto` is the last. */
export interface ChoiceSources {
  readonly argument?: BackendChoice | undefined;
  /** The value of `TENON_BACKEND`. */
  readonly env?: string | undefined;
  readonly config?: BackendConfig | undefined;
  /** Finds a backend by name; by default only among those that are registered. */
  readonly resolve?: Resolve;
}

/** The backend by argument, environment, configuration file or `auto`, in this order. */
export async function chooseBackend({ argument, env, config, resolve }: ChoiceSources = {}): Promise<ChosenBackend> {
  checkOptions("tenon.config", config ?? {}, ["backend", "options"]);
  const asked: readonly (readonly [BackendChoice | undefined, string])[] = [
    [argument, "argument"],
    [env === "" ? undefined : env, "TENON_BACKEND"],
    [config?.backend, "the configuration file"],
  ];
  const [choice, by] = asked.find(([given]) => given !== undefined) ?? ["auto", "default"];
  const found = await pickBackend(choice!, by, resolve);
  const configured = config?.options !== undefined && (config.backend === undefined || config.backend === choice);
  return configured ? { ...found, options: config.options } : found;
}
