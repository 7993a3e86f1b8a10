import type { Backend } from "@tenon/backend";
import {
  becomeLeaf,
  type ConcreteType,
  detached,
  Fn,
  inputOp,
  StateError,
  type Tensor,
  topologicalOrder,
} from "@tenon/ir";
import { Arguments } from "./arguments.ts";
import { bytesOf } from "./bytes.ts";
import { type Device, deviceOf, readBytes } from "./device.ts";
import type { EagerJob } from "./eager.ts";
import { concreteType, DataNode, dataTensor, holdersOf, Storage, storageOf } from "./storage.ts";

type Eager = typeof import("./eager.ts");

/** What makes programs of graphs. A page loads it when it first computes outside of a compiled function. */
let eager: Eager | undefined;

/** For entries that have it from the beginning. */
export function installEager(installed: Eager): void {
  eager = installed;
}

/**
 * Starts the computation of tensors. At once they become data leaves and drop the graph behind them; the values arrive
 * by a job of the device. When the job fails they get their graph back: whoever reads them meanwhile sees the error, and
 * whoever reads them later tries again.
 */
export function realize(tensors: readonly Tensor[], wanted?: Device): void {
  const open = [...new Set(tensors)].filter((t) => !(t.node instanceof DataNode));
  const splats = open.filter(isSplat);
  if (splats.length < open.length)
    compute(
      open.filter((t) => !isSplat(t)),
      wanted,
    );
  for (const t of splats) fill(t, wanted ?? deviceOf());
}

function compute(roots: readonly Tensor[], wanted: Device | undefined): void {
  const leaves: Tensor[] = [];
  for (const node of topologicalOrder(roots)) {
    if (node.op === inputOp) throw tracedRead(node.outputs[0]!);
    if (node instanceof DataNode) leaves.push(node.outputs[0]!);
  }
  const types = roots.map(concreteType);
  const storages = leaves.map((t) => storageOf(t)!);
  const device = wanted ?? storages.find((s) => s.device !== undefined)?.device ?? deviceOf();
  const job = jobOn(device, new Fn("eager", leaves, roots));
  const args = new Arguments(device, storages);
  begin(roots, types, device, args, async (backend, results, undo) => (await job)(backend, args, results, undo));
}

/** What runs a graph, which is what it is now even where what makes programs has to be loaded first. */
function jobOn(device: Device, fn: Fn): EagerJob | Promise<EagerJob> {
  return eager === undefined ? loadedJob(device, detached(fn)) : eager.jobOf(device, fn);
}

async function loadedJob(device: Device, fn: Fn): Promise<EagerJob> {
  const loaded = await import("./eager.ts");
  eager = loaded;
  return loaded.jobOf(device, fn);
}

/** A splat: one number for all elements. */
const isSplat = ({ node }: Tensor): boolean => node.op.name === "constant" && typeof node.attrs.value === "number";

/** How many elements are written at once. */
const PIECE = 16_384;

/** Fills a buffer with the number of a splat, piece by piece: on the host it takes no memory. */
function fill(splat: Tensor, device: Device): void {
  const type = concreteType(splat);
  const { value } = splat.attrs;
  begin([splat], [type], device, new Arguments(device, []), (backend, [storage]) => {
    const { byteLength } = storage!;
    const buffer = backend.alloc(byteLength);
    const count = type.shape.reduce((n, size) => n * size, 1);
    const piece = bytesOf(type.dtype, new Array(Math.min(count, PIECE)).fill(value));
    for (let at = 0; at < byteLength; at += piece.length) backend.write(buffer, piece.subarray(0, byteLength - at), at);
    storage!.keepBuffer(device, buffer);
  });
}

/** Makes tensors leaves whose storages a job is going to fill; `undo` gives each its graph back. */
function begin(
  tensors: readonly Tensor[],
  types: readonly ConcreteType[],
  device: Device,
  args: Arguments,
  job: (backend: Backend, results: readonly Storage[], undo: readonly (() => void)[]) => void | Promise<void>,
): void {
  const results = types.map((type) => new Storage(type, device));
  const done = device.enqueue((backend) => job(backend, results, undo));
  // only now: whoever adopts a storage may queue a copy of it, which must come after the job that fills it
  const undo = tensors.map((t, i) => intoLeaf(t, results[i]!));
  settle(done, args, results, () => {
    for (const back of undo) back();
  });
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
