import { createRequire } from "node:module";
import { BackendError } from "@tenon/ir";

/*
 * The addon as it is seen from here. It knows buffers, modules, launches, streams, graphs, events and the handles of libraries, and no
 * op. Addresses of the device are numbers.
 */

export interface NativeModule {
  readonly Driver: new (candidates: readonly string[]) => NativeDriver;
  readonly Compiler: new (candidates: readonly string[]) => NativeCompiler;
}

export interface NativeDriver {
  /** 1000 · major + 10 · minor. */
  readonly version: number;
  readonly path: string;
  count(): number;
  open(ordinal: number): NativeDevice;
}

export interface NativeCompiler {
  readonly version: string;
  readonly path: string;
  /** Of GPUs that it makes code for, 10 · major + minor of the compute capability. */
  readonly architectures: readonly number[];
  compile(source: string, options: readonly string[]): Promise<Uint8Array>;
  /** The same, and nothing goes on meanwhile. */
  compileNow(source: string, options: readonly string[]): Uint8Array;
}

export interface DeviceFacts {
  readonly name: string;
  /** Of the compute capability. */
  readonly major: number;
  readonly minor: number;
  readonly multiprocessors: number;
  readonly sharedBytes: number;
  readonly totalBytes: number;
}

export interface NativeDevice {
  readonly facts: DeviceFacts;
  memory(): { readonly free: number; readonly total: number };
  alloc(bytes: number): number;
  free(address: number): void;
  /** Copies bytes in after all that was enqueued before; `apart`, beside it. */
  write(to: number, data: Uint8Array, apart: boolean): void;
  read(from: number, bytes: number): Promise<Uint8Array>;
  /** Kernels of a program; they have the numbers from the one returned on. */
  load(code: Uint8Array, names: readonly string[]): number;
  unload(first: number): void;
  enqueue(commands: Float64Array): void;
  record(commands: Float64Array): NativeGraph;
  /** Milliseconds that the device takes for the commands, on the average of so many runs after a first one; waits for them. */
  time(commands: Float64Array, times: number): number;
  /** Opens cuBLASLt, from candidates and from those of what it may want beside itself. */
  useProducts(candidates: readonly string[], companions: readonly string[]): NativeLibrary;
  /** The number of a product, by what the library must know of it. */
  addProduct(numbers: Float64Array): number;
  removeProduct(product: number): void;
  /** How the library would compute it, the best first; nothing where it cannot. */
  proposals(product: number, most: number): readonly NativeProposal[];
  /** Settles on an algorithm, before the product is run; gives the bytes of workspace that it wants. */
  choose(product: number, algorithm: Uint8Array): number;
  /** Opens cuDNN, from candidates, each with its library of graphs; a handle is made when one is wanted. */
  useComputations(candidates: readonly string[], parts: readonly string[]): NativeLibrary;
  /** A graph of operations that is ready to run, by its description; null where the library has no engine for it. */
  addComputation(description: Float64Array): NativeComputation | null;
  removeComputation(computation: number): void;
  /** The number of a mark behind all that has been enqueued, and that of the last mark that the device has passed. */
  mark(): number;
  done(): number;
  sync(): Promise<void>;
  /** The same, and nothing goes on meanwhile. */
  wait(): void;
  close(): void;
}

export interface NativeLibrary {
  /** 10000 · major + 100 · minor + patch. */
  readonly version: number;
  readonly path: string;
}

export interface NativeProposal {
  readonly algorithm: Uint8Array;
  readonly workspaceBytes: number;
}

export interface NativeComputation {
  readonly number: number;
  readonly workspaceBytes: number;
}

export interface NativeGraph {
  launch(): void;
  dispose(): void;
}

/** A call that the driver or the compiler refused. */
export interface NativeFailure extends Error {
  readonly call: string;
  readonly status: number;
  readonly statusName: string;
}

export const isFailure = (error: unknown): error is NativeFailure => error instanceof Error && "statusName" in error;

/** What a command of the device begins with. */
export const LAUNCH = 0;
export const COPY = 1;
export const FILL = 2;
export const MULTIPLY = 3;
export const COMPUTE = 4;

const require = createRequire(import.meta.url);

/** Where the addon may be: in the package of this platform, or built from source beside this one. */
const places = (): readonly string[] => [
  `@tenon/backend-cuda-native-${process.platform}-${process.arch}`,
  "../build/Release/tenon_cuda.node",
];

let loaded: NativeModule | undefined;

/** The addon. Error: E571 where there is none for this platform. */
export function loadNative(): NativeModule {
  if (loaded !== undefined) return loaded;
  const tried: string[] = [];
  for (const place of places()) {
    try {
      loaded = require(place) as NativeModule;
      return loaded;
    } catch (error) {
      tried.push(`${place}: ${firstLine(error)}`);
    }
  }
  throw new BackendError("E571", "cuda-native", `there is no addon for ${process.platform}-${process.arch}`, {
    operands: Object.fromEntries(tried.map((text, i) => [`tried ${i + 1}`, text])),
    fix: "install the package of this platform, or build it with cmake and a C++20 compiler: npm install cmake-js node-addon-api, then npm explore @tenon/backend-cuda-native -- npm run build:native",
  });
}

export const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split("\n")[0]!;
