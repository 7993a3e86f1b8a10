import type { Backend, Buffer, Executable } from "@tenon/backend";
import { entryGraph, Fn, recorded, topologicalOrder } from "@tenon/ir";
import { nodeHash, sameStructure } from "@tenon/ir/structure";
import type { Arguments } from "./arguments.ts";
import type { Device } from "./device.ts";
import type { Storage } from "./storage.ts";

/*
 * Programs of what is recorded outside of compiled functions. A page whose functions are all compiled goes without.
 */

/** How many compiled eager graphs a device keeps. */
const MAX_CACHED = 256;

interface Cached {
  readonly fn: Fn;
  readonly executable: Promise<Executable>;
}

const caches = new WeakMap<Device, Map<string, Cached>>();

/**
 * What runs a graph on a device and gives its values to `results`: all of them at once or, where that fails, each alone.
 * `undo` is for those that cannot be computed.
 */
export type EagerJob = (
  backend: Backend,
  args: Arguments,
  results: readonly Storage[],
  undo: readonly (() => void)[],
) => Promise<void>;

export function jobOf(device: Device, fn: Fn): EagerJob {
  const { fn: own, executable } = cachedExecutable(device, fn);
  return async (backend, args, results, undo) => {
    try {
      const computed = (await executable).run(await args.buffers(backend));
      for (const [i, storage] of results.entries()) storage.keepBuffer(device, computed[i]!);
    } catch (error) {
      if (results.length === 1) throw error;
      // one that cannot be computed must not take the others with it
      for (const [i, storage] of results.entries()) {
        try {
          storage.keepBuffer(device, await runAlone(backend, device, own, i, args));
        } catch (error) {
          storage.failure = error;
          undo[i]!();
        }
      }
    }
  };
}

/** The executable of an eager graph, found by its structure. */
function cachedExecutable(device: Device, fn: Fn): Cached {
  let cache = caches.get(device);
  if (cache === undefined) caches.set(device, (cache = new Map()));
  const key = `${fn.results.map((t) => `${nodeHash(t.node)}:${t.index}`).join(" ")} ${sharing(fn)}`;
  const found = cache.get(key);
  if (found !== undefined && sameStructure(found.fn.results, fn.results)) {
    cache.delete(key); // so that the least recently used is first
    cache.set(key, found);
    return found;
  }
  const module = recorded({ entries: { eager: fn } });
  const cached: Cached = { fn: entryGraph(module, "eager"), executable: device.compile(module, "eager") };
  cached.executable.catch(() => {
    if (cache.get(key) === cached) cache.delete(key);
  });
  if (found !== undefined) device.drop(found.executable); // another graph of the same key
  cache.set(key, cached);
  if (cache.size > MAX_CACHED) {
    const [oldest, entry] = cache.entries().next().value!;
    cache.delete(oldest);
    device.drop(entry.executable);
  }
  return cached;
}

/** A hash of which leaf stands where: `nodeHash` knows leaves by their types, so that `x·x` and `x·y` have one hash. */
function sharing({ inputs, results }: Fn): number {
  const number = new Map(inputs.map((t, i) => [t, i + 1]));
  let hash = 0;
  for (const node of topologicalOrder(results)) {
    for (const t of node.inputs) hash = (Math.imul(hash, 31) + (number.get(t) ?? 0)) | 0;
  }
  return hash;
}

/** One result of an eager graph by a program of its own. */
async function runAlone(
  backend: Backend,
  device: Device,
  { inputs, results }: Fn,
  i: number,
  args: Arguments,
): Promise<Buffer> {
  const reached = new Set(topologicalOrder([results[i]!]));
  const used = inputs.flatMap((t, place) => (reached.has(t.node) ? [place] : []));
  const fn = new Fn(
    "eager",
    used.map((place) => inputs[place]!),
    [results[i]!],
  );
  const executable = await device.compile(recorded({ entries: { eager: fn } }), "eager");
  try {
    return executable.run(await args.buffers(backend, used))[0]!;
  } finally {
    executable.dispose();
  }
}
