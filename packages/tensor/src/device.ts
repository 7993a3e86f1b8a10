import {
  type Backend,
  type BackendChoice,
  type Capabilities,
  type ChosenBackend,
  type CompileOptions,
  debugs,
  type Executable,
} from "@tenon/backend";
import { TenonError, type VerifiedModule } from "@tenon/ir";
import type { Storage } from "./storage.ts";

/** How a name becomes a backend; the entry for Node also looks into the application's packages and configuration. */
export type Resolver = (choice: BackendChoice | undefined) => Promise<ChosenBackend>;

let resolver: Resolver | undefined;

export function installResolver(installed: Resolver): void {
  resolver = installed;
}

/** An opened backend. Jobs run one after the other, in the order in which they were issued. */
export class Device {
  readonly #opening: Promise<Backend>;
  #tail: Promise<unknown> = Promise.resolve();
  /** The backend's name, once it has been chosen. */
  id: string | undefined;
  /** The backend, once it is open. */
  backend: Backend | undefined;
  /** Goes up when a job finds that the device was lost: buffers of before may be empty. */
  losses = 0;

  constructor(choice: BackendChoice | undefined) {
    this.#opening = this.#open(choice);
    this.#opening.catch(() => {}); // whoever issues a job sees the error
  }

  async #open(choice: BackendChoice | undefined): Promise<Backend> {
    const { factory, options, notice } = await resolver!(choice);
    if (notice !== undefined) console.warn(`tenon: ${notice}`);
    this.id = factory.id;
    this.backend = await factory.create(options);
    return this.backend;
  }

  /** Runs a job after all that were issued before it. */
  enqueue<T>(job: (backend: Backend) => T | Promise<T>): Promise<T> {
    const result = this.#tail.then(() => (this.backend === undefined ? this.#opening.then(job) : job(this.backend)));
    this.#tail = result.catch((error: unknown) => {
      if (isDeviceLost(error)) this.losses++;
    });
    return result;
  }

  ready(): Promise<Backend> {
    return this.#opening;
  }

  /**
   * Compiles a module. With `TENON_DEBUG=verify` what was recorded is verified in full first, as a file is: whoever writes an
   * op, a transform or a rule learns there of what its node should not have been.
   */
  async compile(module: VerifiedModule, entry: string, options?: CompileOptions): Promise<Executable> {
    const backend = await this.#opening;
    if (debugs("verify")) (await import("./later.ts")).verify(module);
    return backend.compile(module, entry, options);
  }

  /** Disposes of an executable after the runs that were issued before. */
  drop(executable: Promise<Executable>): void {
    this.enqueue(async () => (await executable).dispose()).catch(() => {}); // one that was not compiled has nothing to give back
  }
}

const devices = new Map<unknown, Device>();
let preferred: BackendChoice | undefined;

/** The device of a choice; the same one for the same choice. Without a choice, the preferred one. */
export function deviceOf(choice: BackendChoice | undefined = preferred): Device {
  const key = choice ?? "default";
  let device = devices.get(key);
  if (device === undefined) {
    device = new Device(choice);
    devices.set(key, device);
    device.ready().catch(() => devices.delete(key));
  }
  return device;
}

export const openDevices = (): readonly Device[] => [...new Set(devices.values())];

/** Makes a backend the one that runs everything that does not name another; resolves when it is open. */
export async function setBackend(choice: BackendChoice): Promise<void> {
  const device = deviceOf(choice);
  await device.ready();
  preferred = choice;
}

/** The id of the backend that runs what does not name another; opens it if need be. */
export async function currentBackend(): Promise<string> {
  const device = deviceOf();
  await device.ready();
  return device.id!;
}

/** What a backend can do; by default the one that runs what does not name another. Opens it if need be. */
export async function capabilitiesOf(choice?: BackendChoice): Promise<Capabilities> {
  return (await deviceOf(choice).ready()).caps;
}

/** Whether an error says that a device was lost, with everything that was in its memory. */
export const isDeviceLost = (error: unknown): boolean => error instanceof TenonError && error.code === "E543";

/** The bytes, from wherever they are. The read is queued at once, so that it sees what was there when it was asked for. */
export async function readBytes(storage: Storage): Promise<Uint8Array> {
  storage.check();
  const here = storage.hostStale ? undefined : (storage.host ?? storage.arrival);
  if (here !== undefined) return here;
  return storage.device!.enqueue((backend) => {
    storage.check();
    return storage.buffer === undefined ? storage.host! : backend.read(storage.buffer);
  });
}
