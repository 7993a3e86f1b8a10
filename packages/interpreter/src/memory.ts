import type { Buffer } from "@tenon/backend";
import { BackendError, LimitError } from "@tenon/ir";

/** Largest buffer, in bytes; what every JavaScript engine can allocate at once. */
export const MAX_BUFFER_BYTES = 2 ** 31 - 1;
/** What poisoned bytes hold: NaN in every float, and no likely number in an integer. */
const POISON = 0xff;

/** Elements of a tensor as bytes of its dtype. */
export class HostBuffer implements Buffer {
  readonly backend = "interpreter";
  readonly bytes: number;
  readonly memory: Memory;
  /** Undefined once it is released. */
  data: Uint8Array | undefined;
  /** Why the run that should have written the values did not. */
  failure: unknown;

  constructor(memory: Memory, data: Uint8Array) {
    this.memory = memory;
    this.data = data;
    this.bytes = data.byteLength;
  }

  release(): void {
    this.memory.release(this);
  }
}

/** The buffers that are alive, counted exactly. */
export class Memory {
  private readonly live = new Set<HostBuffer>();
  private readonly poison: boolean;
  liveBytes = 0;
  closed = false;

  /** @param poison Fresh and released bytes are overwritten, so that whoever reads them is found out. */
  constructor(poison: boolean) {
    this.poison = poison;
  }

  get liveBuffers(): number {
    return this.live.size;
  }

  alloc(bytes: number): HostBuffer {
    if (!Number.isSafeInteger(bytes) || bytes < 0 || bytes > MAX_BUFFER_BYTES) {
      throw new LimitError("E534", "alloc", `${bytes} is no number of bytes up to ${MAX_BUFFER_BYTES}`);
    }
    const data = new Uint8Array(bytes);
    return this.adopt(this.poison ? data.fill(POISON) : data);
  }

  /** A buffer around bytes that nobody else holds. */
  adopt(data: Uint8Array): HostBuffer {
    this.checkOpen("alloc");
    const buffer = new HostBuffer(this, data);
    this.live.add(buffer);
    this.liveBytes += buffer.bytes;
    return buffer;
  }

  release(buffer: HostBuffer): void {
    if (!this.live.delete(buffer)) return;
    this.liveBytes -= buffer.bytes;
    if (this.poison) buffer.data?.fill(POISON);
    buffer.data = undefined;
  }

  /** The bytes of a live buffer of this backend. */
  bytesOf(op: string, buffer: Buffer): Uint8Array {
    this.checkOpen(op);
    if (!(buffer instanceof HostBuffer) || buffer.memory !== this) {
      throw new BackendError(
        "E532",
        op,
        `the buffer belongs to ${buffer instanceof HostBuffer ? "another interpreter" : buffer.backend}`,
        {
          fix: "copy it by read and write",
        },
      );
    }
    if (buffer.data !== undefined) return buffer.data;
    throw new BackendError("E535", op, `the buffer of ${buffer.bytes} bytes was released`, {
      fix: "release it after its last use",
    });
  }

  /** The same for a reader: an error that spoiled the contents is thrown. */
  contentsOf(op: string, buffer: Buffer): Uint8Array {
    const data = this.bytesOf(op, buffer);
    const { failure } = buffer as HostBuffer;
    if (failure !== undefined) throw failure;
    return data;
  }

  checkOpen(op: string): void {
    if (this.closed) throw new BackendError("E537", op, "the backend is closed", { fix: "create another one" });
  }

  close(): void {
    for (const buffer of this.live) this.release(buffer);
    this.closed = true;
  }
}

/** Part of a buffer's bytes. */
export function range(op: string, data: Uint8Array, at: number, bytes: number): Uint8Array {
  if (
    Number.isSafeInteger(at) &&
    Number.isSafeInteger(bytes) &&
    at >= 0 &&
    bytes >= 0 &&
    at + bytes <= data.byteLength
  ) {
    return data.subarray(at, at + bytes);
  }
  throw new BackendError("E536", op, `bytes ${at} to ${at + bytes} are outside a buffer of ${data.byteLength} bytes`);
}
