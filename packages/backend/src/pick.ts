import { BackendError, didYouMean, valueText } from "@tenon/ir";
import type { BackendFactory } from "./contract.ts";
import { type BackendChoice, checkAbi, packageOfBackend, registeredBackend, registeredBackends } from "./registry.ts";

/**
 * The backends of this project, from the fastest to the one that always works. A package of another name is found as
 * `@tenon/backend-<name>` too.
 */
export const knownBackends = ["cuda-native", "webgpu", "cpu-js", "interpreter"] as const;

export interface ChosenBackend {
  readonly factory: BackendFactory;
  readonly options?: unknown;
  /** What was chosen and by whom, and by `auto` also why not the others, in one line. */
  readonly reason: string;
  /** The same where the user should see it: `auto` chose. */
  readonly notice?: string;
}

/** Finds a backend by name. */
export type Resolve = (id: string) => BackendFactory | Promise<BackendFactory>;

/** The backend of a choice that somebody made, or the best one by `auto`; by default among those that are registered. */
export const pickBackend = (choice: BackendChoice, by: string, resolve: Resolve = backendOf): Promise<ChosenBackend> =>
  choice === "auto" ? automatic(resolve) : explicit(choice, by, resolve);

async function explicit(choice: BackendChoice, by: string, resolve: Resolve): Promise<ChosenBackend> {
  const factory = typeof choice === "string" ? await resolve(choice) : backendOf(choice);
  return { factory, reason: `backend ${factory.id}, by ${by}` };
}

async function automatic(resolve: Resolve): Promise<ChosenBackend> {
  const refused = new Map<string, string>();
  for (const id of knownBackends) {
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

/** The factory itself, or the registered one of that name. */
export function backendOf(choice: BackendChoice): BackendFactory {
  if (typeof choice !== "string") {
    if (typeof (choice as BackendFactory | null)?.create === "function") return checkAbi(choice);
    throw new BackendError("E501", "backend", `${valueText(choice)} is no backend`, {
      fix: 'give the name of one, such as "cpu-js", or what its factory gives, such as cpuJs()',
    });
  }
  const found = registeredBackend(choice);
  if (found !== undefined) return found;
  const pack = packageOfBackend(choice);
  if ((knownBackends as readonly string[]).includes(choice)) {
    throw new BackendError("E503", "backend", `${choice} is not registered`, {
      operands: { registered: registeredNames() },
      fix: `import "${pack}" before it is asked for, or pass its factory; install it with: npm install ${pack}`,
    });
  }
  throw unknownBackend(choice);
}

/** Whether a name may be part of a package's name. */
export const isBackendId = (id: string): boolean => /^[a-z][a-z0-9-]*$/.test(id);

const registeredIds = (): readonly string[] => registeredBackends().map(({ id }) => id);
const registeredNames = (): string => registeredIds().join(", ") || "none";

/** The error for a name that no backend has. */
export function unknownBackend(id: string, cause?: unknown): BackendError {
  const guess = didYouMean(id, [...knownBackends, ...registeredIds(), "auto"]);
  return new BackendError("E501", "backend", `there is no backend ${JSON.stringify(id)}`, {
    operands: { registered: registeredNames() },
    fix: !isBackendId(id)
      ? `the backends are ${[...new Set([...knownBackends, ...registeredIds()])].join(", ")}`
      : guess === ""
        ? `install it with: npm install ${packageOfBackend(id)}`
        : `${guess} Otherwise install it with: npm install ${packageOfBackend(id)}`,
    cause,
  });
}
