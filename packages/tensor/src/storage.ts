import type { Buffer } from "@tenon/backend";
import { type ConcreteType, Node, type OpRecord, StateError, shapeText, type Tensor } from "@tenon/ir";
import { byteLengthOf } from "./bytes.ts";
import type { Device } from "./device.ts";

/** Tensors up to this size are kept on the host once they have been there, and their device buffer is given back. */
export const SMALL_BYTES = 65_536;

const counters = { storages: 0, hostBytes: 0, deviceBytes: 0 };
export const storageCounters: Readonly<typeof counters> = counters;

/**
 * Where the values of a tensor are: on the host, in a buffer of a device, or still to be computed by a job that is
 * queued. Counted by reference: data leaves, Variables and queued jobs hold one each.
 */
export class Storage {
  readonly type: ConcreteType;
  readonly byteLength: number;
  host: Uint8Array | undefined;
  device: Device | undefined;
  buffer: Buffer | undefined;
  /** The device's losses when the buffer became this storage's. */
  losses = 0;
  /** Why the job that should have computed the values did not. */
  failure: unknown;
  /** Host bytes on their way from another device. */
  arrival: Promise<Uint8Array> | undefined;
  /** Goes up whenever a queued job will overwrite the values. */
  version = 0;
  /** The host bytes are older than what a queued job will leave in the buffer. */
  hostStale = false;
  /** A Variable may overwrite it. */
  owned = false;
  /** How often the host bytes were sent to a device. */
  uploads = 0;
  /** Data leaves, Variables and queued jobs that refer to it. */
  references = 1;

  /** @param source The host bytes, or the device on which a queued job will compute them; neither while they arrive. */
  constructor(type: ConcreteType, source?: Uint8Array | Device) {
    const host = source instanceof Uint8Array ? source : undefined;
    this.device = source instanceof Uint8Array ? undefined : source;
    this.type = type;
    this.byteLength = byteLengthOf(type.dtype, type.shape);
    this.host = host;
    counters.storages++;
    if (host !== undefined) counters.hostBytes += this.byteLength;
  }

  retain(): this {
    this.references++;
    return this;
  }

  release(): void {
    if (--this.references > 0) return;
    this.dropHost();
    this.dropBuffer();
    counters.storages--;
  }

  dropHost(): void {
    if (this.host !== undefined) counters.hostBytes -= this.byteLength;
    this.host = undefined;
    this.hostStale = false;
  }

  dropBuffer(): void {
    if (this.buffer !== undefined) counters.deviceBytes -= this.byteLength;
    this.buffer?.release();
    this.buffer = undefined;
    this.device = undefined;
  }

  keepHost(bytes: Uint8Array): void {
    if (this.host === undefined) counters.hostBytes += this.byteLength;
    this.host = bytes;
  }

  keepBuffer(device: Device, buffer: Buffer): void {
    counters.deviceBytes += this.byteLength;
    this.device = device;
    this.losses = device.losses;
    this.buffer = buffer;
  }

  /** Throws when the values were never computed. */
  check(): void {
    if (this.failure !== undefined) throw this.failure;
  }
}

const dataOp: OpRecord = {
  name: "data",
  version: 1,
  kind: "leaf",
  numeric: "exact",
  inputs: [],
  results: ["y"],
  attrs: {},
  type: () => [],
};

const abandoned = new FinalizationRegistry<Storage>((storage) => storage.release());

/** A leaf of the graph that has values. It holds a reference to its storage until it is disposed of or collected. */
export class DataNode extends Node {
  storage: Storage;
  disposed = false;

  constructor(storage: Storage) {
    super(dataOp, [], {}, [storage.type]);
    this.storage = storage;
    abandoned.register(this, storage, this);
  }

  /** Moves this leaf, and its reference, to a storage of its own. */
  moveTo(storage: Storage): void {
    abandoned.unregister(this);
    this.storage.release();
    this.storage = storage;
    abandoned.register(this, storage, this);
  }

  /** Gives the reference back now; any later use of this leaf is an error. */
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    abandoned.unregister(this);
    this.storage.release();
  }
}

/** A tensor with values; it takes over one reference to the storage. */
export const dataTensor = (storage: Storage): Tensor => new DataNode(storage).outputs[0]!;

/** The storage of a tensor that has one; throws when the tensor was disposed of. */
export function storageOf(x: Tensor): Storage | undefined {
  if (!(x.node instanceof DataNode)) return undefined;
  if (!x.node.disposed) return x.node.storage;
  throw new StateError("E406", "data", "the tensor was disposed", {
    operands: { x },
    fix: "use it before dispose(), or leave freeing to the library",
  });
}

/** Told when a tensor gets its values' storage, and when the job that should have filled it failed. */
export interface Holder {
  adopt(tensor: Tensor): void;
  abandon(tensor: Tensor, storage: Storage): void;
}

const holders = new WeakMap<Tensor, Set<Holder>>();

/** Asks for word of a tensor that has no storage yet. */
export function holdWhenRealized(tensor: Tensor, holder: Holder): void {
  let waiting = holders.get(tensor);
  if (waiting === undefined) {
    waiting = new Set();
    holders.set(tensor, waiting);
  }
  waiting.add(holder);
}

export const holdersOf = (tensor: Tensor): Iterable<Holder> => holders.get(tensor) ?? [];

/** The type with whole numbers for sizes. */
export function concreteType({ dtype, shape }: Tensor): ConcreteType {
  const sizes = shape.map((d) => {
    if (typeof d === "number") return d;
    throw new StateError("E402", "read", `the shape ${shapeText(shape)} is symbolic, so the tensor has no values`, {
      fix: "symbolic tensors exist only inside compile",
    });
  });
  return { dtype, shape: sizes };
}
