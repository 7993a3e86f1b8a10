import type { BackendChoice } from "@tenon/backend";
import { checkOptions } from "@tenon/ir";
import { treeLeaves } from "@tenon/tree";
import { type Device, deviceOf } from "./device.ts";
import { type DataNode, dataTensor, Storage } from "./storage.ts";
import { type HasVariables, type Variable, variablesOf } from "./variable.ts";

export interface HostStateOptions {
  /** Whose Variables they are; by default the backend that runs what does not name another. */
  readonly backend?: BackendChoice | undefined;
  /** An earlier state: what has not changed since is not read again. */
  readonly since?: HostState | undefined;
}

interface Kept {
  readonly bytes: Uint8Array;
  version: number;
}

/** Values of Variables as they were at one moment, on the host, where the loss of a device does not reach them. */
export class HostState {
  readonly #device: Device;
  readonly #kept: ReadonlyMap<Variable, Kept>;

  /** @param kept Shared with later states that were read since this one. */
  constructor(device: Device, kept: ReadonlyMap<Variable, Kept>) {
    this.#device = device;
    this.#kept = kept;
  }

  get byteLength(): number {
    return [...this.#kept.values()].reduce((n, { bytes }) => n + bytes.byteLength, 0);
  }

  /** What is kept of a Variable, where that is its value still. */
  of(v: Variable): Kept | undefined {
    const found = this.#kept.get(v);
    return found?.version === v.version ? found : undefined;
  }

  /**
   * Gives the Variables the kept values, and waits for the device first where it was lost and another is being acquired.
   * Compiled functions then go on. Error: E543 when no other can be had.
   */
  async restore(): Promise<void> {
    await this.#device.enqueue(async (backend) => {
      await backend.sync().catch(() => {}); // it tells of what is past
      await backend.sync();
    });
    for (const [v, kept] of this.#kept) {
      const value = dataTensor(new Storage({ dtype: v.dtype, shape: v.shape }, kept.bytes));
      v.replace(value);
      (value.node as DataNode).dispose(); // the Variable has it
      kept.version = v.version;
    }
  }
}

/**
 * Reads Variables to the host, all in one go and as they are after everything that was called before:
 * `const kept = await hostState(step.variables)`. When a device is lost, `await kept.restore()` and repeat the steps since.
 *
 * @param source Variables, or trees and objects that have some.
 */
export async function hostState(
  source: HasVariables | readonly HasVariables[],
  options: HostStateOptions = {},
): Promise<HostState> {
  checkOptions("hostState", options, ["backend", "since"]);
  const { backend, since } = options;
  const device = deviceOf(backend);
  const trees = (Array.isArray(source) ? source : [source]) as readonly HasVariables[];
  const found = new Set(trees.flatMap((tree) => treeLeaves<unknown>(variablesOf(tree)) as Variable[]));
  const kept = new Map([...found].map((v) => [v, since?.of(v)]));
  const changed = [...found].filter((v) => kept.get(v) === undefined);
  const homes = changed.map((v) => v.settle(device, false).retain());
  const versions = changed.map(({ version }) => version);
  try {
    const bytes = await readTogether(homes, device);
    for (const [i, v] of changed.entries()) {
      kept.set(v, { bytes: bytes[i]!, version: versions[i]! });
    }
  } finally {
    for (const storage of homes) storage.release();
  }
  return new HostState(device, kept as Map<Variable, Kept>);
}

/** The bytes of storages; those that the host does not have are read by one job. */
async function readTogether(storages: readonly Storage[], device: Device): Promise<readonly Uint8Array[]> {
  const here = storages.map((storage) => {
    storage.check();
    return storage.hostStale ? undefined : (storage.host ?? storage.arrival);
  });
  const there = storages.filter((_, i) => here[i] === undefined);
  if (there.length === 0) return (await Promise.all(here)) as Uint8Array[];
  const read = await device.enqueue((backend) =>
    Promise.all(
      there.map((storage) => {
        storage.check();
        return storage.buffer === undefined ? storage.host! : backend.read(storage.buffer);
      }),
    ),
  );
  const bytes = new Map(there.map((storage, i) => [storage, read[i]!]));
  return Promise.all(storages.map((storage, i) => bytes.get(storage) ?? here[i]!));
}
