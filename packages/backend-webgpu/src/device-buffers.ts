import type { TenonError } from "@tenon/ir";
import type { Commands } from "./commands.ts";
import { type Explain, explainAs } from "./faults.ts";
import type { LiveDevice } from "./live-device.ts";
import { CELL } from "./slab.ts";

/** A buffer of the device. */
export interface DeviceBuffer {
  readonly bytes: number;
  readonly usage: GPUBufferUsageFlags;
  /** Whether several ranges lie in it. */
  readonly shared: boolean;
  /** Changes with the device's buffer: no two have had the same. */
  id: number;
  gpu: GPUBuffer | undefined;
  generation: number;
  /** Ranges that are in use. */
  users: number;
  /** Why there is no such buffer although it was asked for. */
  failure: TenonError | undefined;
}

/** The flags of `GPUBufferUsage`, which not every engine has as a global. */
export const usages = {
  MAP_READ: 0x1,
  COPY_SRC: 0x4,
  COPY_DST: 0x8,
  UNIFORM: 0x40,
  STORAGE: 0x80,
} as const;

/** Most bytes of buffers that nobody uses and that are kept for whoever wants one of their size. */
const MAX_IDLE_BYTES = 2 ** 28;
/** What element numbers of 32 bits reach in any dtype. */
const MAX_BYTES = 2 ** 32 - CELL;
/** Buffers of the device. Those that nobody uses any more are kept for whoever wants one of their size. */
export class DeviceBuffers {
  readonly storage: GPUBufferUsageFlags = usages.STORAGE | usages.COPY_SRC | usages.COPY_DST;
  /** The most bytes that a kernel can reach in one. */
  readonly maxBytes: number;
  /** Buffers that were made so far. */
  created = 0;
  readonly #live: LiveDevice;
  readonly #commands: Commands;
  readonly #idle = new Map<string, DeviceBuffer[]>();
  #idleBytes = 0;
  #ids = 0;

  constructor(live: LiveDevice, commands: Commands) {
    this.#live = live;
    this.#commands = commands;
    const { maxBufferSize, maxStorageBufferBindingSize } = live.limits;
    this.maxBytes = Math.floor(Math.min(maxBufferSize, maxStorageBufferBindingSize, MAX_BYTES) / CELL) * CELL;
    live.onLoss(() => {
      this.#idle.clear();
      this.#idleBytes = 0;
    });
  }

  /** A buffer for one owner, or for those of a group. It is given back by whoever has it as a whole. */
  own(bytes: number, usage: GPUBufferUsageFlags, explain: Explain = explainBytes(bytes), shared = false): DeviceBuffer {
    const size = Math.min(roundedSize(bytes), Math.max(this.maxBytes, cells(bytes)));
    const list = this.#idle.get(`${usage} ${shared} ${size}`);
    const known = list?.pop();
    if (known !== undefined) {
      this.#idleBytes -= size;
      return known;
    }
    const home = this.unmade(size, usage, shared);
    if (this.#live.present) this.gpu(home, explain);
    return home;
  }

  /** Keeps a buffer for the next that wants one like it. */
  giveBack(home: DeviceBuffer): void {
    if (home.failure !== undefined || home.generation !== this.#live.generation) return;
    const key = `${home.usage} ${home.shared} ${home.bytes}`;
    const list = this.#idle.get(key);
    if (list === undefined) this.#idle.set(key, [home]);
    else list.push(home);
    this.#idleBytes += home.bytes;
    this.trim(MAX_IDLE_BYTES);
  }

  /** Lets go of buffers that nobody uses until no more than `bytes` are left. */
  trim(bytes = 0): void {
    for (const [key, list] of this.#idle) {
      while (this.#idleBytes > bytes && list.length > 0) {
        const home = list.shift()!;
        this.#idleBytes -= home.bytes;
        this.destroy(home.gpu);
      }
      if (list.length === 0) this.#idle.delete(key);
    }
  }

  /** The device's buffer, made if there is none on this device. Error: E543 while there is no device. */
  gpu(home: DeviceBuffer, explain: Explain = explainBytes(home.bytes)): GPUBuffer {
    if (home.gpu !== undefined && home.generation === this.#live.generation) return home.gpu;
    const { device, faults, generation } = this.#live;
    home.failure = undefined;
    this.created++;
    home.gpu = faults.watch(
      device,
      faults.tick(),
      explain,
      () => device.createBuffer({ size: home.bytes, usage: home.usage }),
      (error) => {
        home.failure = error;
        this.trim();
      },
    );
    home.id = ++this.#ids;
    home.generation = generation;
    return home.gpu;
  }

  /** Writes the bytes, whose number and place are multiples of 4, after all that was recorded. */
  write(home: DeviceBuffer, data: Uint8Array, at: number): void {
    const gpu = this.gpu(home);
    this.#commands.flush();
    this.#live.device.queue.writeBuffer(gpu, at, data as Uint8Array<ArrayBuffer>);
  }

  /** A buffer that is made when it is first asked for. */
  unmade(bytes: number, usage: GPUBufferUsageFlags, shared: boolean): DeviceBuffer {
    const id = ++this.#ids;
    return { bytes, usage, shared, id, gpu: undefined, generation: 0, users: 0, failure: undefined };
  }

  /** Destroys a buffer once nothing that was recorded needs it. */
  destroy(gpu: GPUBuffer | undefined): void {
    this.#commands.afterSubmit(() => gpu?.destroy());
  }
}

const explainBytes = (bytes: number): Explain => explainAs("alloc", `${bytes} bytes`);

/** Whole cells for so many bytes, at least one. */
export const cells = (bytes: number): number => Math.max(CELL, Math.ceil(bytes / CELL) * CELL);

/** At most an eighth more, so that buffers of about one size serve each other: eight sizes from one power of 2 to the next. */
function roundedSize(bytes: number): number {
  const step = Math.max(CELL, 2 ** (Math.floor(Math.log2(Math.max(1, bytes))) - 3));
  return Math.max(CELL, Math.ceil(bytes / step) * step);
}
