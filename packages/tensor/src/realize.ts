import type { Backend, Buffer, Executable } from "@tenon/backend";
import {
  becomeLeaf,
  Fn,
  input,
  inputOp,
  Node,
  nodeHash,
  recorded,
  StateError,
  sameStructure,
  type Tensor,
  topologicalOrder,
} from "@tenon/ir";
import { Arguments } from "./arguments.ts";
import { compileOn } from "./compile-on.ts";
import { type Device, deviceOf, readBytes } from "./device.ts";
import { concreteType, DataNode, dataTensor, holdersOf, Storage, storageOf } from "./storage.ts";

/** How many compiled eager graphs a device keeps. */
const MAX_CACHED = 256;

interface Cached {
  readonly fn: Fn;
  readonly executable: Promise<Executable>;
}

const caches = new WeakMap<Device, Map<string, Cached>>();

/**
 * Starts the computation of tensors. At once they become data leaves and drop the graph behind them; the values arrive
 * by a job of the device. When the job fails they get their graph back: whoever reads them meanwhile sees the error, and
 * whoever reads them later tries again.
 */
export function realize(tensors: readonly Tensor[], wanted?: Device): void {
  const roots = [...new Set(tensors)].filter((t) => !(t.node instanceof DataNode));
  if (roots.length === 0) return;
  const leaves: Tensor[] = [];
  for (const node of topologicalOrder(roots)) {
    if (node.op === inputOp) throw tracedRead(node.outputs[0]!);
    if (node instanceof DataNode) leaves.push(node.outputs[0]!);
  }
  const types = roots.map(concreteType);
  const storages = leaves.map((t) => storageOf(t)!);
  const device = wanted ?? storages.find((s) => s.device !== undefined)?.device ?? deviceOf();
  const fn = new Fn("eager", leaves, roots);
  const cached = cachedExecutable(device, fn);
  const args = new Arguments(device, storages);
  const results = types.map((type) => new Storage(type, device));
  const together = async (backend: Backend): Promise<void> => {
    const executable = await cached.executable;
    const computed = executable.run(await args.buffers(backend));
    for (const [i, storage] of results.entries()) storage.keepBuffer(device, computed[i]!);
  };
  // one that cannot be computed must not take the others with it
  const apart = async (backend: Backend): Promise<void> => {
    for (const [i, storage] of results.entries()) {
      try {
        storage.keepBuffer(device, await runAlone(backend, cached.fn, i, args));
      } catch (error) {
        storage.failure = error;
        undo[i]!();
      }
    }
  };
  const job = device.enqueue((backend) => {
    const done = together(backend);
    return results.length === 1 ? done : done.catch(() => apart(backend));
  });
  // only now: whoever adopts a storage may queue a copy of it, which must come after the job that fills it
  const undo = roots.map((t, i) => intoLeaf(t, results[i]!));
  settle(job, args, results, () => {
    for (const back of undo) back();
  });
}

/** One result of an eager graph by a program of its own. */
async function runAlone(backend: Backend, { inputs, results }: Fn, i: number, args: Arguments): Promise<Buffer> {
  const reached = new Set(topologicalOrder([results[i]!]));
  const used = inputs.flatMap((t, place) => (reached.has(t.node) ? [place] : []));
  const fn = new Fn(
    "eager",
    used.map((place) => inputs[place]!),
    [results[i]!],
  );
  const executable = await compileOn(backend, recorded({ entries: { eager: fn } }), "eager");
  try {
    return executable.run(await args.buffers(backend, used))[0]!;
  } finally {
    executable.dispose();
  }
}

/** Makes a tensor a leaf with that storage; returns what gives it its graph back. */
function intoLeaf(t: Tensor, storage: Storage): () => void {
  const { node, index } = t;
  const leaf = dataTensor(storage.retain()).node as DataNode;
  becomeLeaf(t, leaf);
  for (const holder of holdersOf(t)) holder.adopt(t);
  return () => {
    if (t.node !== leaf || leaf.disposed) return;
    t.node = node;
    t.index = index;
    for (const holder of holdersOf(t)) holder.abandon(t, storage);
    leaf.dispose();
  };
}

/** After a job: a failure goes to its results, and what the job held is given back. */
export function settle(
  job: Promise<unknown>,
  args: Arguments,
  results: readonly Storage[],
  failed: () => void = () => {},
): void {
  job
    .catch((error: unknown) => {
      for (const storage of results) storage.failure = error;
      failed();
    })
    .finally(() => {
      args.release();
      for (const storage of results) storage.release();
    });
}

function tracedRead(t: Tensor): StateError {
  return new StateError("E407", "data", "values cannot be read while a function is traced", {
    operands: { x: t },
    fix: "return the tensor from the function, and read the result of the call",
  });
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
  const cached: Cached = {
    fn: detach(fn),
    executable: device.ready().then((backend: Backend) => compileOn(backend, module, "eager")),
  };
  cached.executable.catch(() => {
    if (cache.get(key) === cached) cache.delete(key);
  });
  if (found !== undefined) disposeLater(device, found.executable); // another graph of the same key
  cache.set(key, cached);
  if (cache.size > MAX_CACHED) {
    const [oldest, entry] = cache.entries().next().value!;
    cache.delete(oldest);
    disposeLater(device, entry.executable);
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

/** Disposes of an executable after the runs that were issued before. */
export function disposeLater(device: Device, executable: Promise<Executable>): void {
  device.enqueue(async () => (await executable).dispose()).catch(() => {}); // one that was not compiled has nothing to give back
}

/** The same structure on argument leaves, every node anew, so that the cache keeps no tensor of the program alive. */
function detach(fn: Fn): Fn {
  const inputs = fn.inputs.map((t) => input(t));
  const now = new Map(fn.inputs.map((t, i) => [t, inputs[i]!]));
  const current = (t: Tensor): Tensor => now.get(t)!;
  for (const node of topologicalOrder(fn.results, (n) => n instanceof DataNode)) {
    if (node instanceof DataNode) continue;
    const copy = new Node(node.op, node.inputs.map(current), node.attrs, node.results, node);
    node.outputs.forEach((t, i) => {
      now.set(t, copy.outputs[i]!);
    });
  }
  return new Fn(fn.name, inputs, fn.results.map(current));
}

/**
 * A storage with the same values: of the host bytes where there are any, by a job of the device where that has them, and
 * by way of the host from another device.
 */
export function copyStorage(from: Storage, device: Device): Storage {
  if (from.host !== undefined && !from.hostStale) return new Storage(from.type, from.host);
  return from.device === device ? copyThere(from, device) : bringOver(from);
}

function copyThere(from: Storage, device: Device): Storage {
  const to = new Storage(from.type, device);
  const args = new Arguments(device, [from]);
  const job = device.enqueue(async (backend) => {
    const [source] = await args.buffers(backend);
    const target = backend.alloc(to.byteLength);
    backend.copy(source!, target);
    to.keepBuffer(device, target);
  });
  to.retain();
  settle(job, args, [to]);
  return to;
}

function bringOver(from: Storage): Storage {
  const to = new Storage(from.type).retain();
  from.retain();
  // a device that fails gives back what it had not begun with: then the second try finds the values
  const arrival = readBytes(from).catch(() => readBytes(from));
  to.arrival = arrival;
  arrival
    .then((bytes) => to.keepHost(bytes))
    .catch((error: unknown) => {
      to.failure = error;
    })
    .finally(() => {
      to.arrival = undefined;
      from.release();
      to.release();
    });
  return to;
}
