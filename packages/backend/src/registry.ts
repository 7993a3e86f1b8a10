import { BackendError } from "@tenon/ir";
import { ABI, type BackendFactory } from "./contract.ts";

/** What may stand for a backend: the name of one, or a factory such as `webgpu({ … })`. */
export type BackendChoice = string | BackendFactory;

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

/** The registered backend of that name. */
export const registeredBackend = (id: string): BackendFactory | undefined => factories().get(id);

/** Refuses a backend that was written for another version of the contract. */
export function checkAbi(factory: BackendFactory): BackendFactory {
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
