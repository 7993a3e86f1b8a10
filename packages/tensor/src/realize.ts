import type { Backend, CompileOptions, Executable } from "@tenon/backend";
import {
  becomeLeaf,
  buildModule,
  Fn,
  input,
  inputOp,
  Node,
  nodeHash,
  StateError,
  sameStructure,
  type Tensor,
  topologicalOrder,
  verify,
} from "@tenon/ir";
import { Arguments } from "./arguments.ts";
import { type Device, deviceOf } from "./device.ts";
import { concreteType, DataNode, dataTensor, Storage, storageOf } from "./storage.ts";

/** How many compiled eager graphs a device keeps. */
const MAX_CACHED = 256;

interface Cached {
  readonly fn: Fn;
  readonly executable: Promise<Executable>;
}

const caches = new WeakMap<Device, Map<string, Cached>>();

/** The options of every compilation that does not say otherwise. */
export const defaultCompileOptions: CompileOptions = {};

/**
 * Starts the computation of tensors. At once they become data leaves and drop the graph behind them; the values arrive
 * by a job of the device. A failure waits in the storage for whoever reads it.
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
  const args = new Arguments(device, storages);
  const fn = new Fn("eager", leaves, roots);
  const cached = cachedExecutable(device, fn);
  const results = types.map((type) => new Storage(type, device));
  roots.forEach((t, i) => {
    becomeLeaf(t, dataTensor(results[i]!.retain()).node);
  });
  const job = device.enqueue(async (backend) => {
    const executable = await cached.executable;
    const computed = executable.run(await args.buffers(backend));
    for (const [i, storage] of results.entries()) storage.keepBuffer(device, computed[i]!);
  });
  settle(job, args, results);
}

/** After a job: a failure goes to its results, and what the job held is given back. */
export function settle(job: Promise<unknown>, args: Arguments, results: readonly Storage[]): void {
  job
    .catch((error: unknown) => {
      for (const storage of results) storage.failure = error;
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
  const key = fn.results.map((t) => `${nodeHash(t.node)}:${t.index}`).join(" ");
  const found = cache.get(key);
  if (found !== undefined && sameStructure(found.fn.results, fn.results)) {
    cache.delete(key); // so that the least recently used is first
    cache.set(key, found);
    return found;
  }
  const module = verify(buildModule({ entries: { eager: fn } }));
  const cached: Cached = {
    fn: detach(fn),
    executable: device.ready().then((backend: Backend) => backend.compile(module, "eager", defaultCompileOptions)),
  };
  cached.executable.catch(() => cache.delete(key));
  cache.set(key, cached);
  if (cache.size > MAX_CACHED) {
    const [oldest, entry] = cache.entries().next().value!;
    cache.delete(oldest);
    disposeLater(device, entry.executable);
  }
  return cached;
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

/** A storage with the same values, filled by a job of the device. */
export function copyStorage(from: Storage, device: Device): Storage {
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
