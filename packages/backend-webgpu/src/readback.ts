import type { Commands } from "./commands.ts";
import { usages } from "./device-buffers.ts";
import type { LiveDevice } from "./live-device.ts";
import type { Memory, Range } from "./memory.ts";

/** The values of `GPUMapMode`. */
const READ = 0x1;

/** Reads ranges through buffers that the host can map, which go round. What one task reads is submitted together. */
export class Readback {
  readonly #live: LiveDevice;
  readonly #commands: Commands;
  readonly #memory: Memory;
  readonly #pending = new Set<Promise<Uint8Array>>();

  constructor(live: LiveDevice, commands: Commands, memory: Memory) {
    this.#live = live;
    this.#commands = commands;
    this.#memory = memory;
  }

  /** A copy of bytes as they are after all that was called before. Rejects with what spoiled them. */
  read(range: Range, at: number, bytes: number): Promise<Uint8Array> {
    const reading = this.#present(() => this.#read(range, at, bytes));
    const done = (): void => void this.#pending.delete(reading);
    this.#pending.add(reading);
    reading.then(done, done);
    return reading;
  }

  /** Waits for the reads that were called for, however they end. */
  async finished(): Promise<void> {
    await Promise.allSettled(this.#pending);
  }

  /** The same in its turn, where there is no device now. Rejects where there will be none. */
  #present(read: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const live = this.#live;
    if (live.present) return read();
    return new Promise((resolve, reject) => {
      live.whenPresent(() => resolve(read()));
      live.recovered().catch(reject);
    });
  }

  async #read(range: Range, at: number, bytes: number): Promise<Uint8Array> {
    const { faults } = this.#live;
    const then = { ...range };
    const spoiled = faults.of(then);
    if (spoiled !== undefined) throw spoiled;
    if (bytes === 0) return new Uint8Array();
    const first = Math.floor((range.offset + at) / 4) * 4;
    const size = Math.ceil((range.offset + at + bytes) / 4) * 4 - first;
    const home = this.#memory.own(size, usages.MAP_READ | usages.COPY_DST);
    const staging = this.#memory.gpu(home);
    const { generation } = this.#live;
    this.#commands.encoder().copyBufferToBuffer(this.#memory.gpu(range.home), first, staging, 0, size);
    await this.#commands.flushSoon();
    const failure = await staging.mapAsync(READ, 0, size).then(
      () => undefined,
      (error: Error) => error,
    );
    // of the ways in which a mapping is aborted only the loss of the device is left
    if (failure?.name === "AbortError") await this.#live.afterLoss(generation);
    await faults.settled();
    const error = faults.of(then) ?? home.failure ?? failure;
    if (failure === undefined) {
      const from = range.offset + at - first;
      const copy = new Uint8Array(staging.getMappedRange(0, size)).slice(from, from + bytes);
      staging.unmap();
      this.#memory.giveBack(home);
      if (error === undefined) return copy;
    }
    throw error;
  }
}
