import type { Commands } from "./commands.ts";
import { cells, type DeviceBuffer, DeviceBuffers } from "./device-buffers.ts";
import type { Explain, Provenance } from "./faults.ts";
import type { LiveDevice } from "./live-device.ts";
import { CELL, cellBytes, MAX_SMALL, Slab } from "./slab.ts";

export interface MemoryDebug {
  /** Fills fresh memory and that of temporaries with bytes that are NaN in every float, so that a use of it shows. */
  readonly poison?: boolean;
}

/** Bytes of a buffer that belong to one owner. */
export interface Range extends Provenance {
  home: DeviceBuffer;
  offset: number;
  readonly bytes: number;
}

const POISON = 0xff;
/** Where ranges of no more than a few cells lie at first. */
const FIRST_SLAB_BYTES = 256 * CELL;
const MAX_SLAB_BYTES = 2 ** 26;

/**
 * The device's memory: small ranges in one buffer, so that any number of them are one binding; larger ones in buffers of their
 * own; groups in a buffer for the group.
 */
export class Memory extends DeviceBuffers {
  readonly #live: LiveDevice;
  readonly #commands: Commands;
  readonly #debug: MemoryDebug;
  readonly #slab = new Slab();
  readonly #slabHome: DeviceBuffer & { bytes: number };

  constructor(live: LiveDevice, commands: Commands, debug: MemoryDebug = {}) {
    super(live, commands);
    this.#live = live;
    this.#commands = commands;
    this.#debug = debug;
    this.#slabHome = this.unmade(FIRST_SLAB_BYTES, this.storage, true);
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
        this.destroy(old.gpu);
      }
    }
    return offset;
  }
}

const POISON_CHUNK = 2 ** 20;
const poisonBytes = new Uint8Array(POISON_CHUNK).fill(POISON);
