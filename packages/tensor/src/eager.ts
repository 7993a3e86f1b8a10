import type { Backend, Buffer, Executable } from "@tenon/backend";
import { Fn, recorded, topologicalOrder } from "@tenon/ir";
import { nodeHash, sameStructure } from "@tenon/ir/structure";
import type { Arguments } from "./arguments.ts";
import type { Device } from "./device.ts";

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

/** What runs a graph: all of it at once, or one result alone. `detach` copies a graph on to leaves of its own. */
export function programOf(
  device: Device,
  fn: Fn,
  detach: (fn: Fn) => Fn,
): Pick<Cached, "executable"> & {
  readonly alone: (backend: Backend, result: number, args: Arguments) => Promise<Buffer>;
} {
  const { fn: own, executable } = cachedExecutable(device, fn, detach);
  return { executable, alone: (backend, result, args) => runAlone(backend, device, own, result, args) };
}

/** The executable of an eager graph, found by its structure. */
function cachedExecutable(device: Device, fn: Fn, detach: (fn: Fn) => Fn): Cached {
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
  const cached: Cached = { fn: detach(fn), executable: device.compile(module, "eager") };
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
