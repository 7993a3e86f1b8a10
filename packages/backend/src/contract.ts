import type { Attrs, DimSymbol, DType, TensorType, VerifiedModule } from "@tenon/ir";

/** Version of this contract. A factory names the one it was written for. */
export const ABI = 1;

/** What a backend package registers: a name, and a way to make a backend. */
export interface BackendFactory {
  readonly id: string;
  readonly abi: typeof ABI;
  create(options?: unknown): Promise<Backend>;
  /** Why the backend would not serve well here, such as `no device answers`; null when it would. `auto` asks it. */
  whyNot?(): Promise<string | null>;
}

/** What runs programs on one device. Work is ordered: calls take effect in the order in which they were made. */
export interface Backend {
  readonly caps: Capabilities;
  /** Whether to keep a composite whole; without an answer its decomposition is compiled. */
  claims?(site: CompositeSite): Claim | null;
  compile(module: VerifiedModule, entry: string, options?: CompileOptions): Promise<Executable>;
  /** Memory with unspecified contents. */
  alloc(bytes: number): Buffer;
  /** Buffers of one role (`parameter`, `slot`), which may be ranges of one piece of device memory. */
  allocGroup(bytes: readonly number[], role: string): readonly Buffer[];
  copy(from: Buffer, to: Buffer): void;
  write(to: Buffer, data: Uint8Array, at?: number): void;
  /** Bytes of the buffer as they are after everything that was called before; rejects with the error that spoiled them. */
  read(from: Buffer, at?: number, bytes?: number): Promise<Uint8Array>;
  /** The same at once; only where `caps.features` has `sync-read`. */
  readSync?(from: Buffer, at?: number, bytes?: number): Uint8Array;
  /** Waits for everything that was called before; rejects with the first error since the last `sync`. */
  sync(): Promise<void>;
  stats(): Stats;
  /** Releases everything. A later call is an error, a second `close` is not. */
  close(): Promise<void>;
}

/** Device memory. It belongs to whoever allocated it, and lives until `release`. */
export interface Buffer {
  readonly bytes: number;
  /** Id of the backend that holds it. */
  readonly backend: string;
  /** Frees the memory. A later use is an error, a second `release` is not. */
  release(): void;
}

/** A compiled entry point of a module. */
export interface Executable {
  readonly signature: EntrySignature;
  readonly plan: MemoryPlan;
  /**
   * Starts a run and returns the buffers that will hold the results; it never waits. Where an input is marked as an
   * alias, the argument is given up and is itself the buffer of that result.
   */
  run(args: readonly Buffer[], options?: RunOptions): readonly Buffer[];
  /** What makes the next compilation of this entry on this device faster. */
  serialize?(): Uint8Array;
  dispose(): void;
}

export interface RunOptions {
  /** Values of the module's symbols, as `bindDims` finds them. */
  readonly dims?: Readonly<Record<string, number>>;
  /** Buffers for the results; where one is undefined the backend allocates. */
  readonly results?: readonly (Buffer | undefined)[];
}

/** What a caller must know of an entry: names, types, aliases, and the symbols to bind. */
export interface EntrySignature {
  readonly entry: string;
  readonly inputs: readonly EntryInput[];
  readonly results: readonly EntryResult[];
  readonly symbols: readonly DimSymbol[];
}

export interface EntryInput {
  readonly name: string;
  readonly type: TensorType;
  /** The result that is written into this argument's buffer. */
  readonly alias?: number;
}

export interface EntryResult {
  readonly name: string;
  readonly type: TensorType;
}

export interface MemoryPlan {
  /** Largest number of bytes that a run holds besides its arguments. */
  peakBytes(dims?: Readonly<Record<string, number>>): number;
}

export interface Stats {
  readonly liveBuffers: number;
  readonly liveBytes: number;
  readonly cachedPrograms: number;
  /** Bytes of the device that programs and buffers have had at most, and what is held of it, kept for later included. */
  readonly peakBytes?: number;
  readonly reservedBytes?: number;
}

export interface CompileOptions {
  /** `soft`: the package's own polynomials in place of the device's functions. */
  readonly math?: "native" | "soft";
  /** Same bits on the same machine, for any number of threads. */
  readonly deterministic?: boolean;
  /** Values of symbols that will be frequent. */
  readonly specialize?: Readonly<Record<string, number>>;
  readonly fusion?: "on" | "off";
  readonly tune?: "off" | "once" | "cached";
  /** A program whose plan needs more bytes is refused. */
  readonly memoryBudget?: number;
}

export const compileOptionNames = [
  "math",
  "deterministic",
  "specialize",
  "fusion",
  "tune",
  "memoryBudget",
] as const satisfies readonly (keyof CompileOptions)[];

/** One use of a composite in a program, shown to a backend that may keep it whole. */
export interface CompositeSite {
  readonly op: string;
  readonly version: number;
  readonly attrs: Attrs;
  readonly operands: readonly TensorType[];
  readonly results: readonly TensorType[];
}

/** A backend's will to run a composite by a kernel of its own. */
export interface Claim {
  readonly kernel: string;
  /** Expected cost, in the backend's own unit, where the decomposition may be cheaper. */
  readonly cost?: number;
}

/** What a backend does with a dtype: keeps it in memory, converts it, computes in it, has a matrix product of it. */
export type DTypeUsage = "store" | "convert" | "arith" | "dot";

export type Feature =
  | "subgroups"
  | "mma"
  | "atomics-f32"
  | "timestamps"
  | "sync-read"
  | "unbounded-while"
  /**
   * The device may be taken away with everything in its memory: `read` of lost contents, and of what is computed from them or
   * while there is no device, rejects with E543. The backend acquires another device by itself, for which `sync` waits. Buffers
   * and executables stay valid; contents are lost until they are written as a whole, or computed from what is not lost.
   */
  | "may-lose-device"
  /** Its memory is not the host's, and has room for data sets: what is wanted in every epoch should stay there. */
  | "own-memory"
  | (string & {});

/** What a backend can do; plain JSON, printed in reports. */
export interface Capabilities {
  readonly abi: typeof ABI;
  /** Oldest and newest IR version that is accepted. */
  readonly ir: readonly [min: readonly [number, number], max: readonly [number, number]];
  /** Newest version of each op set. Third parties' sets come with decompositions and are not listed. */
  readonly opsets: Readonly<Record<string, number>>;
  readonly dtypes: Readonly<Partial<Record<DType, readonly DTypeUsage[]>>>;
  /** `ieee`: NaN and infinity are honest and nothing is flushed to zero. `portable`: finite inputs only. */
  readonly level: "portable" | "ieee";
  readonly limits: DeviceLimits;
  readonly memory: { readonly plan: "range" | "whole"; readonly align: number };
  readonly features: readonly Feature[];
  readonly device: { readonly vendor: string; readonly name: string; readonly fingerprint: string };
}

export interface DeviceLimits {
  readonly rank: number;
  readonly elements: number;
  readonly maxBufferBytes: number;
  readonly maxBindingBytes?: number;
  readonly maxBuffersPerKernel?: number;
  readonly sharedBytes?: number;
  readonly maxThreads?: number;
}
