import { BackendError, checkOptions } from "@tenon/ir";
import type { BackendFactory } from "./contract.ts";
import { type BackendChoice, backendOf } from "./registry.ts";

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
  readonly resolve?: (id: string) => BackendFactory | Promise<BackendFactory>;
}

export interface ChosenBackend {
  readonly factory: BackendFactory;
  readonly options?: unknown;
  /** What was chosen and by whom, and by `auto` also why not the others, in one line. */
  readonly reason: string;
  /** The same where the user should see it: `auto` chose. */
  readonly notice?: string;
}

/** From the fastest to the one that always works. */
const autoOrder = ["cuda-native", "webgpu", "cpu-js", "interpreter"];

/** The backend by argument, environment, configuration file or `auto`, in this order. */
export async function chooseBackend({
  argument,
  env,
  config,
  resolve = backendOf,
}: ChoiceSources = {}): Promise<ChosenBackend> {
  checkOptions("tenon.config", config ?? {}, ["backend", "options"]);
  const asked: readonly (readonly [BackendChoice | undefined, string])[] = [
    [argument, "argument"],
    [env === "" ? undefined : env, "TENON_BACKEND"],
    [config?.backend, "the configuration file"],
  ];
  const [choice, by] = asked.find(([given]) => given !== undefined) ?? ["auto", "default"];
  const found = choice === "auto" ? await automatic(resolve) : await explicit(choice!, by, resolve);
  const configured = config?.options !== undefined && (config.backend === undefined || config.backend === choice);
  return configured ? { ...found, options: config.options } : found;
}

async function explicit(
  choice: BackendChoice,
  by: string,
  resolve: NonNullable<ChoiceSources["resolve"]>,
): Promise<ChosenBackend> {
  const factory = typeof choice === "string" ? await resolve(choice) : backendOf(choice);
  return { factory, reason: `backend ${factory.id}, by ${by}` };
}

async function automatic(resolve: NonNullable<ChoiceSources["resolve"]>): Promise<ChosenBackend> {
  const refused = new Map<string, string>();
  for (const id of autoOrder) {
    try {
      const factory = await resolve(id);
      const whyNot = (await factory.whyNot?.()) ?? null;
      if (whyNot === null) {
        const slow = id === "interpreter" ? ", which is slow" : "";
        const others = [...refused].map(([other, why]) => `${other}: ${why}`).join("; ");
        const reason = `backend ${id}${slow}, by auto${others === "" ? "" : ` (${others})`}`;
        return { factory, reason, notice: reason };
      }
      refused.set(id, whyNot);
    } catch (error) {
      refused.set(id, error instanceof BackendError ? error.problem.replace(`${id} is `, "") : String(error));
    }
  }
  throw new BackendError("E508", "backend", "auto found no backend", {
    operands: Object.fromEntries(refused),
    fix: "install one with: npm install @tenon/backend-cpu-js",
  });
}
