import type { Backend, Buffer } from "@tenon/backend";
import { type Device, readBytes } from "./device.ts";
import { SMALL_BYTES, type Storage } from "./storage.ts";

/**
 * The storages that a job reads, held until it is done, and their buffers on its device.
 *
 * What lives on another device is read at once, when the job is issued: jobs that wait for each other's results then
 * wait only for earlier ones. Host values that are small or used for the first time go into buffers that end with the
 * job, so that a batch leaves nothing behind; larger ones that come again stay.
 */
export class Arguments {
  readonly #device: Device;
  readonly #storages: readonly Storage[];
  readonly #fetched: readonly (Uint8Array | Promise<Uint8Array> | undefined)[];
  #temporary: Buffer[] = [];

  constructor(device: Device, storages: readonly Storage[]) {
    this.#device = device;
    this.#storages = storages.map((s) => s.retain());
    this.#fetched = storages.map((s) => {
      if (s.device === device) return undefined; // its buffer will be there when the job runs
      if (s.host !== undefined && !s.hostStale) return s.host; // as of now, whatever another device's job does to it
      const bytes = readBytes(s);
      bytes.catch(() => {}); // seen by whoever asks for the buffers
      return bytes;
    });
  }

  /** Buffers in order, of all storages or of those at `places`; within a job of the device. */
  async buffers(backend: Backend, places: Iterable<number> = this.#storages.keys()): Promise<Buffer[]> {
    const found: Buffer[] = [];
    for (const i of places) found.push(await this.#buffer(backend, this.#storages[i]!, this.#fetched[i]));
    return found;
  }

  async #buffer(
    backend: Backend,
    storage: Storage,
    fetched: Uint8Array | Promise<Uint8Array> | undefined,
  ): Promise<Buffer> {
    storage.check();
    if (storage.buffer !== undefined && storage.device === this.#device) {
      if (storage.losses === this.#device.losses || storage.host === undefined || storage.hostStale)
        return storage.buffer;
      storage.dropBuffer(); // what was in it may be lost, and the host has the values
    }
    const bytes = await (fetched ?? storage.host!);
    const buffer = backend.alloc(storage.byteLength);
    backend.write(buffer, bytes);
    const comesAgain = storage.uploads++ > 0 && storage.byteLength > SMALL_BYTES;
    const wanted = storage.owned || storage.hostStale || comesAgain;
    const free = storage.buffer === undefined && (storage.device === undefined || storage.device === this.#device);
    if (wanted && free) storage.keepBuffer(this.#device, buffer);
    else this.#temporary.push(buffer);
    return buffer;
  }

  release(): void {
    for (const buffer of this.#temporary) buffer.release();
    this.#temporary = [];
    for (const storage of this.#storages) storage.release();
  }
}
