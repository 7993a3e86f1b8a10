import { BackendError, didYouMean } from "@tenon/ir";
import { ABI, type BackendFactory } from "./contract.ts";

/** What may stand for a backend: the name of one, or a factory such as `webgpu({ … })`. */
export type BackendChoice = string | BackendFactory;

/** The backends of this project, by name. A package of another name is found as `@tenon/backend-<name>` too. */
export const knownBackends = ["cuda-native", "webgpu", "cpu-js", "interpreter"] as const;

/** The package that registers a backend. */
export const packageOfBackend = (id: string): string =>
  id === "interpreter" ? "@tenon/interpreter" : `@tenon/backend-${id}`;

const KEY = Symbol.for("tenon.backends");
const store = globalThis as unknown as Record<symbol, Map<string, BackendFactory> | undefined>;

function factories(): Map<string, BackendFactory> {
  store[KEY] ??= new Map(); // on globalThis, so that a second copy of this package finds the same backends
  return store[KEY];
}

/** Makes a backend known by its id; importing a backend's package does it. The last one of an id wins. */
export function registerBackend(factory: BackendFactory): void {
  checkAbi(factory);
  factories().set(factory.id, factory);
}

export const registeredBackends = (): readonly BackendFactory[] => [...factories().values()];

/** The factory itself, or the registered one of that name. */
export function backendOf(choice: BackendChoice): BackendFactory {
  if (typeof choice === "object") return checkAbi(choice);
  const found = factories().get(choice);
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

export const registeredNames = (): string => [...factories().keys()].join(", ") || "none";

/** The error for a name that no backend has. */
export function unknownBackend(id: string, cause?: unknown): BackendError {
  const guess = didYouMean(id, [...knownBackends, ...factories().keys(), "auto"]);
  return new BackendError("E501", "backend", `there is no backend ${JSON.stringify(id)}`, {
    operands: { registered: registeredNames() },
    fix: !isBackendId(id)
      ? `the backends are ${[...new Set([...knownBackends, ...factories().keys()])].join(", ")}`
      : guess === ""
        ? `install it with: npm install ${packageOfBackend(id)}`
        : `${guess} Otherwise install it with: npm install ${packageOfBackend(id)}`,
    cause,
  });
}

function checkAbi(factory: BackendFactory): BackendFactory {
  if (factory.abi === ABI) return factory;
  throw new BackendError(
    "E502",
    "backend",
    `${factory.id} speaks version ${factory.abi} of the backend contract, this program version ${ABI}`,
    {
      fix: `install a version of ${packageOfBackend(factory.id)} that goes with this @tenon/backend`,
    },
  );
}
