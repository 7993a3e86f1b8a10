import type { TenonError } from "@tenon/ir";
import type { Commands } from "./commands.ts";
import { type Explain, explainAs, type Provenance } from "./faults.ts";
import type { LiveDevice } from "./live-device.ts";
import { CELL, cellBytes, MAX_SMALL, Slab } from "./slab.ts";

export interface MemoryDebug {
  /** Fills fresh memory and that of temporaries with bytes that are NaN in every float, so that a use of it shows. */
  readonly poison?: boolean;
}

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

/** Bytes of a buffer that belong to one owner. */
export interface Range extends Provenance {
  home: DeviceBuffer;
  offset: number;
  readonly bytes: number;
}

const POISON = 0xff;
/** Most bytes of buffers that nobody uses and that are kept for whoever wants one of their size. */
const MAX_IDLE_BYTES = 2 ** 28;
/** Where ranges of no more than a few cells lie at first. */
const FIRST_SLAB_BYTES = 256 * CELL;
const MAX_SLAB_BYTES = 2 ** 26;

/**
 * The device's memory: small ranges in one buffer, so that any number of them are one binding; larger ones in buffers of their
 * own, which are kept for the next of that size; groups in a buffer for the group.
 */
export class Memory {
  readonly storage: GPUBufferUsageFlags;
  /** The largest range. */
  readonly maxBytes: number;
  /** Buffers of the device that were made so far. */
  created = 0;
  readonly #live: LiveDevice;
  readonly #commands: Commands;
  readonly #debug: MemoryDebug;
  readonly #slab = new Slab();
  readonly #slabHome: DeviceBuffer & { bytes: number };
  readonly #idle = new Map<string, DeviceBuffer[]>();
  #idleBytes = 0;
  #ids = 0;

  constructor(live: LiveDevice, commands: Commands, debug: MemoryDebug = {}) {
    this.#live = live;
    this.#commands = commands;
    this.#debug = debug;
    const { STORAGE, COPY_SRC, COPY_DST } = usages;
    this.storage = STORAGE | COPY_SRC | COPY_DST;
    const { maxBufferSize, maxStorageBufferBindingSize } = live.limits;
    this.maxBytes = Math.floor(Math.min(maxBufferSize, maxStorageBufferBindingSize, MAX_BYTES) / CELL) * CELL;
    this.#slabHome = this.#buffer(FIRST_SLAB_BYTES, this.storage, true);
    live.onLoss(() => {
      this.#idle.clear();
      this.#idleBytes = 0;
    });
  }

  /** Memory with unspecified contents. `explain` says what a lack of memory means. */
  alloc(bytes: number, explain?: Explain): Range {
    if (bytes <= MAX_SMALL && this.#slab.end + cellBytes(bytes) <= Math.min(MAX_SLAB_BYTES, this.maxBytes))
      return this.#poisoned(this.#rangeOf(this.#slabHome, this.#small(bytes), bytes));
    return this.#poisoned(this.#rangeOf(this.own(bytes, this.storage, explain), 0, bytes));
  }

  /** Memory for several that are used together: the small ones among the small, the others in as few buffers as will hold them. */
  allocGroup(bytes: readonly number[], explain?: Explain): readonly Range[] {
    const ranges: Range[] = [];
    const large = [...bytes.keys()].filter((i) => bytes[i]! > MAX_SMALL);
    for (let first = 0; first < large.length && large.length > 1; ) {
      let [last, size] = [first, 0];
      while (last < large.length && (last === first || size + cells(bytes[large[last]!]!) <= this.maxBytes))
        size += cells(bytes[large[last++]!]!);
      const home = this.own(size, this.storage, explain, true);
      let offset = 0;
      for (const i of large.slice(first, last)) {
        ranges[i] = this.#poisoned(this.#rangeOf(home, offset, bytes[i]!));
        offset += cells(bytes[i]!);
      }
      first = last;
    }
    return bytes.map((size, i) => ranges[i] ?? this.alloc(size, explain));
  }

  free({ home, offset, bytes }: Pick<Range, "home" | "offset" | "bytes">): void {
    if (home === this.#slabHome) this.#slab.give(offset, bytes);
    else if (--home.users === 0) this.giveBack(home);
  }

  /** Moves large ranges into one buffer, with their contents. */
  moveTogether(ranges: readonly Range[]): void {
    const places = this.allocGroup(ranges.map(({ bytes }) => bytes));
    const encoder = this.#commands.encoder();
    for (const [i, range] of ranges.entries()) {
      const { home, offset } = places[i]!;
      const size = Math.ceil(range.bytes / 4) * 4;
      encoder.copyBufferToBuffer(this.gpu(range.home), range.offset, this.gpu(home), offset, size);
      this.free({ ...range });
      [range.home, range.offset] = [home, offset];
    }
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
    const home = this.#buffer(size, usage, shared);
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
        this.#destroy(home.gpu);
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

  /** Fills the range with poison where that is wanted. */
  poison({ home, offset, bytes }: Pick<Range, "home" | "offset" | "bytes">): void {
    if (!this.#debug.poison || !this.#live.present) return;
    const end = offset + Math.max(4, Math.ceil(bytes / 4) * 4);
    for (let at = offset; at < end; at += POISON_CHUNK)
      this.write(home, poisonBytes.subarray(0, Math.min(POISON_CHUNK, end - at)), at);
  }

  /** Lets go of everything that nobody uses, and of what the small ones lay in. */
  close(): void {
    this.trim();
    this.#slabHome.gpu?.destroy();
  }

  /** A buffer that is not made yet. */
  #buffer(bytes: number, usage: GPUBufferUsageFlags, shared: boolean): DeviceBuffer {
    const id = ++this.#ids;
    return { bytes, usage, shared, id, gpu: undefined, generation: 0, users: 0, failure: undefined };
  }

  #rangeOf(home: DeviceBuffer, offset: number, bytes: number): Range {
    home.users++;
    return { home, offset, bytes, known: this.#live.faults.tick(), computed: 0 };
  }

  #poisoned(range: Range): Range {
    this.poison(range);
    return range;
  }

  /** The offset of a small range, in a slab that has grown where it has to. */
  #small(bytes: number): number {
    const offset = this.#slab.take(bytes);
    const home = this.#slabHome;
    if (this.#slab.end > home.bytes) {
      const old = { ...home };
      home.bytes = Math.min(2 * home.bytes, MAX_SLAB_BYTES, this.maxBytes);
      home.gpu = undefined;
      if (old.gpu !== undefined && old.generation === this.#live.generation && this.#live.present) {
        this.#commands.encoder().copyBufferToBuffer(old.gpu, 0, this.gpu(home), 0, old.bytes);
        this.#destroy(old.gpu);
      }
    }
    return offset;
  }

  #destroy(gpu: GPUBuffer | undefined): void {
    this.#commands.afterSubmit(() => gpu?.destroy());
  }
}

/** The flags of `GPUBufferUsage`, which not every engine has as a global. */
export const usages = {
  MAP_READ: 0x1,
  COPY_SRC: 0x4,
  COPY_DST: 0x8,
  UNIFORM: 0x40,
  STORAGE: 0x80,
} as const;

/** What element numbers of 32 bits reach in any dtype. */
const MAX_BYTES = 2 ** 32 - CELL;
const POISON_CHUNK = 2 ** 20;
const poisonBytes = new Uint8Array(POISON_CHUNK).fill(POISON);

const explainBytes = (bytes: number): Explain => explainAs("alloc", `${bytes} bytes`);

const cells = (bytes: number): number => Math.max(CELL, Math.ceil(bytes / CELL) * CELL);

/** At most an eighth more, so that buffers of about one size serve each other: eight sizes from one power of 2 to the next. */
function roundedSize(bytes: number): number {
  const step = Math.max(CELL, 2 ** (Math.floor(Math.log2(Math.max(1, bytes))) - 3));
  return Math.max(CELL, Math.ceil(bytes / step) * step);
}
