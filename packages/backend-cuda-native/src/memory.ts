import { LimitError } from "@tenon/ir";
import { FILL, isFailure, type NativeDevice } from "./native.ts";

/** Memory of the device. */
export interface Block {
  /** In bytes. */
  readonly address: number;
  /** What was asked for, and what there is. */
  readonly bytes: number;
  readonly size: number;
  /** The mark behind the last use by its owner before; 0 where there was none. */
  readonly used: number;
  /** Whether its owner has used it. */
  touched: boolean;
}

/** The driver's own alignment; what is behind the last element of a block is nobody's. */
export const ALIGNMENT = 256;
/** Blocks from here on are kept in sizes of an eighth of a power of two, smaller ones in multiples of the alignment. */
const LARGE = 2 ** 20;

const OUT_OF_MEMORY = "CUDA_ERROR_OUT_OF_MEMORY";

/** A byte of NaN in every float. */
const POISON = 0xff;

/** How many sizes of blocks tell what takes the memory. */
const TOLD = 10;

/** Blocks of memory. Those that are given back are kept, since asking the driver takes long and waits for the device. */
export class Memory {
  readonly #device: NativeDevice;
  readonly #poison: boolean;
  readonly #free = new Map<number, { readonly address: number; readonly used: number }[]>();
  /** Blocks in use, by what was asked for. */
  readonly #counts = new Map<number, number>();
  /** Frees what can be made again, where the driver has no memory left. */
  makeRoom: () => void = () => {};
  /** Bytes that the driver has given, those of them that are in use, and that were at most. */
  reserved = 0;
  inUse = 0;
  peak = 0;

  constructor(device: NativeDevice, poison = false) {
    this.#device = device;
    this.#poison = poison;
  }

  /**
   * @param largest What takes the most, for the error where there is no memory.
   */
  alloc(bytes: number, largest: () => Readonly<Record<string, string>> = () => this.#largest()): Block {
    const size = sizeFor(bytes);
    const kept = this.#free.get(size)?.pop();
    const { address, used } = kept ?? { address: this.#reserve(size, bytes, largest), used: 0 };
    this.inUse += size;
    this.peak = Math.max(this.peak, this.inUse);
    this.#counts.set(bytes, (this.#counts.get(bytes) ?? 0) + 1);
    if (this.#poison) this.#device.enqueue(Float64Array.of(FILL, address, POISON, size));
    return { address, bytes, size, used, touched: this.#poison };
  }

  /** Does not throw: whoever asks next is told of a device that has failed. Nobody gets the block again then. */
  free({ address, size, bytes }: Block): void {
    this.inUse -= size;
    const count = this.#counts.get(bytes)! - 1;
    if (count === 0) this.#counts.delete(bytes);
    else this.#counts.set(bytes, count);
    const used = this.#mark();
    if (used === undefined) return;
    const kept = this.#free.get(size) ?? [];
    kept.push({ address, used });
    this.#free.set(size, kept);
  }

  /** Whether nothing that is under way uses the block. */
  isIdle({ used, touched }: Block): boolean {
    return !touched && (used === 0 || this.#device.done() >= used);
  }

  /** Gives kept memory back to the driver. */
  trim(): void {
    if (this.#free.size > 0) this.#device.wait(); // the driver need not
    for (const [size, kept] of this.#free) {
      for (const { address } of kept) this.#device.free(address);
      this.reserved -= size * kept.length;
    }
    this.#free.clear();
  }

  #mark(): number | undefined {
    try {
      return this.#device.mark();
    } catch (error) {
      if (isFailure(error)) return undefined;
      throw error;
    }
  }

  #reserve(size: number, bytes: number, largest: () => Readonly<Record<string, string>>): number {
    try {
      return this.#ask(size);
    } catch (error) {
      if (!isFailure(error) || error.statusName !== OUT_OF_MEMORY) throw error;
    }
    this.makeRoom();
    this.trim();
    try {
      return this.#ask(size);
    } catch (error) {
      if (!isFailure(error) || error.statusName !== OUT_OF_MEMORY) throw error;
      const { free, total } = this.#device.memory();
      throw new LimitError("E540", "cuda-native", `the GPU has no ${bytes} bytes left: ${free} of ${total} are free`, {
        operands: largest(),
        fix: "use a smaller batch, release what is not needed any more, or close what else uses the GPU",
        cause: error,
      });
    }
  }

  /** What is in use, largest first. */
  #largest(): Readonly<Record<string, string>> {
    const sizes = [...this.#counts].sort(([a], [b]) => b - a).slice(0, TOLD);
    return Object.fromEntries(sizes.map(([bytes, count]) => [`in use, of ${bytes} bytes`, String(count)]));
  }

  #ask(size: number): number {
    const address = this.#device.alloc(size);
    this.reserved += size;
    return address;
  }
}

function sizeFor(bytes: number): number {
  const unit = bytes < LARGE ? ALIGNMENT : 2 ** (Math.floor(Math.log2(bytes)) - 3);
  return Math.max(1, Math.ceil(bytes / unit)) * unit;
}
