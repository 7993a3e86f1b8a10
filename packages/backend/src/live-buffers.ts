import { BackendError, LimitError } from "@tenon/ir";
import type { Buffer } from "./contract.ts";

/** What allocates on a device; `M` is what it calls a piece of its memory. */
export interface DeviceMemory<M> {
  readonly maxBufferBytes: number;
  alloc(bytes: number): M;
  free(memory: M): void;
}

/** A buffer that holds `memory` until it is released. */
export class LiveBuffer<M> implements Buffer {
  readonly backend: string;
  readonly bytes: number;
  readonly owner: LiveBuffers<M>;
  /** Undefined once it is released. */
  memory: M | undefined;
  /** Why the run that should have written the contents did not. */
  failure: unknown;

  constructor(owner: LiveBuffers<M>, bytes: number, memory: M) {
    this.owner = owner;
    this.backend = owner.backend;
    this.bytes = bytes;
    this.memory = memory;
  }

  release(): void {
    this.owner.release(this);
  }
}

/** The buffers of a backend that are alive, counted exactly; and the checks that each use of one has to pass. */
export class LiveBuffers<M> {
  readonly backend: string;
  readonly #device: DeviceMemory<M>;
  readonly #live = new Set<LiveBuffer<M>>();
  liveBytes = 0;
  closed = false;

  constructor(backend: string, device: DeviceMemory<M>) {
    this.backend = backend;
    this.#device = device;
  }

  get liveBuffers(): number {
    return this.#live.size;
  }

  alloc(bytes: number): LiveBuffer<M> {
    this.checkBytes(bytes);
    return this.adopt(bytes, this.#device.alloc(bytes));
  }

  /** Throws unless a buffer may have so many bytes now. */
  checkBytes(bytes: number): void {
    this.checkOpen("alloc");
    const most = this.#device.maxBufferBytes;
    if (!Number.isSafeInteger(bytes) || bytes < 0 || bytes > most)
      throw new LimitError("E534", "alloc", `${bytes} is no number of bytes up to ${most}`);
  }

  /** A buffer around memory that nobody else holds. */
  adopt(bytes: number, memory: M): LiveBuffer<M> {
    const buffer = new LiveBuffer(this, bytes, memory);
    this.#live.add(buffer);
    this.liveBytes += bytes;
    return buffer;
  }

  release(buffer: LiveBuffer<M>): void {
    if (!this.#live.delete(buffer)) return;
    this.liveBytes -= buffer.bytes;
    this.#device.free(buffer.memory!);
    buffer.memory = undefined;
  }

  /** The buffer, which has to be alive and of this backend. */
  own(op: string, buffer: Buffer): LiveBuffer<M> & { readonly memory: M } {
    this.checkOpen(op);
    if (!(buffer instanceof LiveBuffer) || buffer.owner !== this) {
      const other = buffer.backend === this.backend ? `another ${this.backend}` : buffer.backend;
      throw new BackendError("E532", op, `the buffer belongs to ${other}`, { fix: "copy it by read and write" });
    }
    if (buffer.memory !== undefined) return buffer as LiveBuffer<M> & { readonly memory: M };
    throw new BackendError("E535", op, `the buffer of ${buffer.bytes} bytes was released`, {
      fix: "release it after its last use",
    });
  }

  /** The same for a reader of some bytes: an error that spoiled the contents is thrown. */
  readable(op: string, buffer: Buffer, at: number, bytes: number): LiveBuffer<M> & { readonly memory: M } {
    const own = this.own(op, buffer);
    if (own.failure !== undefined) throw own.failure;
    checkRange(op, own, at, bytes);
    return own;
  }

  checkOpen(op: string): void {
    if (this.closed) throw new BackendError("E537", op, "the backend is closed", { fix: "create another one" });
  }

  close(): void {
    for (const buffer of this.#live) this.release(buffer);
    this.closed = true;
  }
}

/** Throws unless the buffer has these bytes. */
export function checkRange(op: string, { bytes: size }: Buffer, at: number, bytes: number): void {
  if (Number.isSafeInteger(at) && Number.isSafeInteger(bytes) && at >= 0 && bytes >= 0 && at + bytes <= size) return;
  throw new BackendError("E536", op, `bytes ${at} to ${at + bytes} are outside a buffer of ${size} bytes`);
}
