import { BackendError, type VerifiedModule } from "@tenon/ir";
import { type Bindings, bindingsOf, concreteType } from "./bind.ts";
import { byteLengthOf, donorsOf } from "./buffers.ts";
import type { Backend, BackendFactory, Buffer, CompileOptions, Executable, RunOptions } from "./contract.ts";
import type { LiveBuffer } from "./live-buffers.ts";

/** When a device is lost: asked at every run, read and write with how many there were since it came. */
export type Fate = (calls: number) => boolean;

/** A device that can be lost, as one of WebGPU is. */
export interface LosingBackend {
  readonly factory: BackendFactory;
  /** Devices that were lost. */
  readonly losses: number;
  /** How often something was read. */
  readonly reads: number;
  fate: Fate;
}

/**
 * A backend whose device is lost when `fate` says so. At first nobody notices: runs do nothing and writes go nowhere. A read,
 * or one of the next few calls, finds out: then everything that was in any buffer is lost, for a while there is no device, and
 * what is written meanwhile waits.
 */
export function losing(inner: BackendFactory, features = ["may-lose-device"]): LosingBackend {
  const shared = { losses: 0, reads: 0, fate: (() => false) as Fate };
  const factory: BackendFactory = {
    ...inner,
    create: async (options?: unknown) => new Losing(await inner.create(options), shared, features),
  };
  return Object.assign(shared, { factory });
}

const lost = (why: string): BackendError => new BackendError("E543", "fake", `the device was lost: ${why}`);

const isReleased = (buffer: Buffer): boolean => (buffer as LiveBuffer<unknown>).memory === undefined;

/** Calls that do not notice a loss, and turns of the event loop until another device comes. */
const UNNOTICED = 3;
const TURNS = 3;

class Losing implements Backend {
  readonly caps: Backend["caps"];
  readonly claims?: NonNullable<Backend["claims"]>;
  readonly #inner: Backend;
  readonly #shared: { losses: number; reads: number; fate: Fate };
  #state: "there" | "dying" | "absent" = "there";
  #calls = 0;
  #unnoticed = 0;
  #time = 0;
  #lostAt = 0;
  #unreported: BackendError | undefined;
  #waiting: (() => void)[] = [];
  /** When the contents of a buffer were written or computed, and why they are not what they should be. */
  readonly #known = new WeakMap<Buffer, number>();
  readonly #failures = new WeakMap<Buffer, BackendError>();

  constructor(inner: Backend, shared: { losses: number; reads: number; fate: Fate }, features: readonly string[]) {
    this.#inner = inner;
    this.#shared = shared;
    if (inner.claims !== undefined) this.claims = inner.claims.bind(inner);
    this.caps = { ...inner.caps, features };
  }

  async compile(module: VerifiedModule, entry: string, options?: CompileOptions): Promise<Executable> {
    const executable = await this.#inner.compile(module, entry, options);
    return {
      signature: executable.signature,
      plan: executable.plan,
      run: (args, given) => this.#run(executable, args, given),
      dispose: () => executable.dispose(),
    };
  }

  alloc(bytes: number): Buffer {
    return this.#fresh(this.#inner.alloc(bytes));
  }

  allocGroup(bytes: readonly number[], role: string): readonly Buffer[] {
    return this.#inner.allocGroup(bytes, role).map((buffer) => this.#fresh(buffer));
  }

  copy(from: Buffer, to: Buffer): void {
    this.#whenThere(() => {
      if (this.#state === "there") this.#inner.copy(from, to);
      this.#known.set(to, this.#known.get(from)!);
    }, to);
  }

  write(to: Buffer, data: Uint8Array, at = 0): void {
    this.#live();
    const kept = data.slice();
    this.#whenThere(() => {
      if (this.#state === "there") this.#inner.write(to, kept, at);
      if (kept.byteLength !== to.bytes) return;
      this.#known.set(to, ++this.#time);
      this.#failures.delete(to);
    }, to);
  }

  async read(from: Buffer, at?: number, bytes?: number): Promise<Uint8Array> {
    this.#shared.reads++;
    this.#live();
    if (this.#state === "dying") this.#notice();
    await this.#present();
    const spoiled = this.#spoiled(from);
    if (spoiled !== undefined) throw spoiled;
    return this.#inner.read(from, at, bytes);
  }

  async sync(): Promise<void> {
    if (this.#state === "dying") this.#notice();
    await this.#present();
    const error = this.#unreported;
    this.#unreported = undefined;
    if (error !== undefined) throw error;
  }

  stats(): ReturnType<Backend["stats"]> {
    return this.#inner.stats();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  #run(executable: Executable, args: readonly Buffer[], options: RunOptions = {}): readonly Buffer[] {
    this.#live();
    const spoiled = args.map((buffer) => this.#spoiled(buffer)).find((error) => error !== undefined);
    const error = spoiled ?? (this.#state === "absent" ? lost("there is no other one yet") : undefined);
    const works = error === undefined && this.#state === "there";
    const results = works ? executable.run(args, options) : this.#nothing(executable, args, options);
    for (const buffer of results) {
      this.#known.set(buffer, ++this.#time);
      if (error === undefined) this.#failures.delete(buffer);
      else this.#failures.set(buffer, error);
    }
    return results;
  }

  /** Results that hold nothing. */
  #nothing({ signature }: Executable, args: readonly Buffer[], { dims }: RunOptions): readonly Buffer[] {
    const bindings: Bindings = bindingsOf(signature, dims);
    const donors = donorsOf(signature);
    return signature.results.map(({ type }, i) => {
      const donor = donors[i];
      const buffer = donor === undefined ? this.#inner.alloc(byteLengthOf(concreteType(type, bindings))) : args[donor]!;
      this.#inner.write(buffer, new Uint8Array(buffer.bytes).fill(0xff));
      return buffer;
    });
  }

  /** Counts a call, at which the device may be lost or that may find out. */
  #live(): void {
    this.#calls++;
    if (this.#state === "there" && this.#shared.fate(this.#calls)) {
      this.#state = "dying";
      this.#unnoticed = 0;
    } else if (this.#state === "dying" && ++this.#unnoticed > UNNOTICED) this.#notice();
  }

  #notice(): void {
    this.#state = "absent";
    this.#lostAt = this.#time;
    this.#shared.losses++;
    this.#unreported = lost("so it was decided");
    void this.#another();
  }

  async #another(): Promise<void> {
    for (let i = 0; i < TURNS; i++) await new Promise((resolve) => setImmediate(resolve));
    this.#state = "there";
    this.#calls = 0;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const act of waiting) act();
  }

  #present(): Promise<void> {
    return new Promise((resolve) => this.#whenThere(resolve));
  }

  #whenThere(act: () => void, to?: Buffer): void {
    if (this.#state !== "absent") act();
    else this.#waiting.push(() => (to === undefined || !isReleased(to)) && act());
  }

  #fresh(buffer: Buffer): Buffer {
    this.#known.set(buffer, ++this.#time);
    return buffer;
  }

  #spoiled(buffer: Buffer): BackendError | undefined {
    if (this.#known.get(buffer)! <= this.#lostAt) return lost("and with it what it held");
    return this.#failures.get(buffer);
  }
}
