import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { BackendError } from "@tenon/ir";
import { architectureFor, optionsFor } from "./architecture.ts";
import { type KernelSource, programText } from "./cuda/source.ts";
import type { OpenedDevice } from "./device.ts";
import { firstLine, isFailure, type NativeCompiler, type NativeDevice } from "./native.ts";

/** Programs that are compiled beside each other, by the threads that Node has for such work. */
const PARTS = 4;
/** Characters of text under which dividing does not pay. */
const SMALL = 20_000;

/** What a driver says of code that is not for it. */
const NOT_ITS_CODE = new Set([
  ...["CUDA_ERROR_INVALID_IMAGE", "CUDA_ERROR_NO_BINARY_FOR_GPU"],
  ...["CUDA_ERROR_INVALID_SOURCE", "CUDA_ERROR_UNSUPPORTED_PTX_VERSION"],
]);

/** Where a kernel is: its number on the device. */
export type KernelNumbers = ReadonlyMap<string, number>;

/** Kernels on a device: compiled once, kept on disk by what they were made of, loaded once for all programs that have them. */
export class Programs {
  readonly #device: NativeDevice;
  readonly #compiler: NativeCompiler;
  readonly #driver: number;
  readonly #options: readonly string[];
  readonly #folder: string | undefined;
  readonly #kernels = new Map<string, Promise<number>>();
  /** Those that came late, by symbol. */
  readonly #late = new Map<string, number>();

  constructor({ device, driver, compiler }: OpenedDevice, cache: boolean) {
    this.#device = device;
    this.#compiler = compiler;
    this.#driver = driver.version;
    this.#options = optionsFor(architectureFor(device.facts, compiler.architectures)!); // there is one, or it had not been opened
    this.#folder = cache ? cacheFolder() : undefined;
  }

  /** The numbers of kernels by symbol; what is not loaded yet is compiled. */
  async numbersOf(sources: readonly KernelSource[]): Promise<KernelNumbers> {
    const wanted = [...new Map(sources.map((source) => [source.symbol, source])).values()];
    const missing = wanted.filter(({ symbol }) => !this.#kernels.has(symbol));
    for (const part of divided(missing)) {
      const first = this.#load(part);
      for (const [i, { symbol }] of part.entries()) {
        const number = first.then((n) => n + i);
        number.catch(() => this.#kernels.delete(symbol)); // who wants it will try again
        this.#kernels.set(symbol, number);
      }
    }
    const numbers = await Promise.all(wanted.map(({ symbol }) => this.#kernels.get(symbol)!));
    return new Map(wanted.map(({ symbol }, i) => [symbol, numbers[i]!]));
  }

  /** The number of a kernel for which nobody waited before: if it is not there, the process stands still while it is made. */
  numberNow(source: KernelSource): number {
    let number = this.#late.get(source.symbol);
    if (number === undefined) {
      const { text, key } = this.#programOf([source]);
      number = this.#loadKept(key, [source]);
      if (number === undefined) {
        const code = this.#explaining([source], () => this.#compiler.compileNow(text, this.#options));
        this.write(key, code);
        number = this.#loadMade(code, [source]);
      }
      this.#late.set(source.symbol, number);
    }
    return number;
  }

  async #load(sources: readonly KernelSource[]): Promise<number> {
    const { text, key } = this.#programOf(sources);
    const kept = this.#loadKept(key, sources);
    if (kept !== undefined) return kept;
    const compiled = await this.#compiler.compile(text, this.#options).catch((cause: unknown) => ({ cause }));
    const code = this.#explaining(sources, () => {
      if ("cause" in compiled) throw compiled.cause;
      return compiled;
    });
    this.write(key, code);
    return this.#loadMade(code, sources);
  }

  /** Loads what NVRTC has just made, which a driver that is too old for it refuses. */
  #loadMade(code: Uint8Array, sources: readonly KernelSource[]): number {
    try {
      return this.#device.load(code, symbolsOf(sources));
    } catch (cause) {
      if (!isFailure(cause) || !NOT_ITS_CODE.has(cause.statusName)) throw cause;
      const driver = `${Math.floor(this.#driver / 1000)}.${Math.floor(this.#driver / 10) % 100}`;
      throw new BackendError("E575", "cuda-native", "the driver refuses what NVRTC has made", {
        operands: { problem: firstLine(cause), driver, compiler: `${this.#compiler.version}, ${this.#compiler.path}` },
        fix: "use NVRTC of the CUDA that the driver is of, or an earlier one from 12 on; or install a later driver",
        cause,
      });
    }
  }

  /** Loads what is kept on disk; undefined where nothing is, or where the driver refuses it, so that it is made anew. */
  #loadKept(key: string, sources: readonly KernelSource[]): number | undefined {
    const code = this.read(key);
    if (code === undefined) return undefined;
    try {
      return this.#device.load(code, symbolsOf(sources));
    } catch (error) {
      if (isFailure(error)) return undefined;
      throw error;
    }
  }

  #programOf(sources: readonly KernelSource[]): { readonly text: string; readonly key: string } {
    const text = programText(sources);
    const parts = [this.#compiler.version, this.#options, text];
    return { text, key: createHash("sha256").update(JSON.stringify(parts)).digest("hex") };
  }

  #explaining(sources: readonly KernelSource[], compile: () => Uint8Array): Uint8Array {
    try {
      return compile();
    } catch (cause) {
      if (!isFailure(cause)) throw cause;
      throw new BackendError("E575", "cuda-native", "NVRTC refuses a kernel", {
        operands: { kernels: sources.map(({ name }) => name).join(", "), log: cause.message.slice(0, 2000) },
        fix: `use NVRTC 12 or later; this is ${this.#compiler.version}, ${this.#compiler.path}`,
        cause,
      });
    }
  }

  /** What is kept on disk under a name; it may be anything that is made once on this machine. */
  read(name: string): Uint8Array | undefined {
    if (this.#folder === undefined) return undefined;
    try {
      return new Uint8Array(readFileSync(join(this.#folder, name)));
    } catch {
      return undefined; // it has not been made here yet
    }
  }

  /** Keeps bytes on disk, beside the others; a cache that cannot be written is none. */
  write(name: string, data: Uint8Array): void {
    if (this.#folder === undefined) return;
    try {
      mkdirSync(this.#folder, { recursive: true });
      const part = join(this.#folder, `${name}.${process.pid}`);
      writeFileSync(part, data);
      renameSync(part, join(this.#folder, name)); // another process sees the whole file or none
    } catch {
      // the next process makes it again
    }
  }
}

const symbolsOf = (sources: readonly KernelSource[]): readonly string[] => sources.map(({ symbol }) => symbol);

/** Sources in parts of about the same length of text. */
function divided(sources: readonly KernelSource[]): readonly (readonly KernelSource[])[] {
  if (sources.length === 0) return [];
  const total = sources.reduce((sum, { text }) => sum + text.length, 0);
  const count = Math.min(PARTS, sources.length, Math.ceil(total / SMALL));
  const parts: KernelSource[][] = Array.from({ length: count }, () => []);
  const lengths = parts.map(() => 0);
  for (const source of [...sources].sort((a, b) => b.text.length - a.text.length)) {
    const least = lengths.indexOf(Math.min(...lengths));
    parts[least]!.push(source);
    lengths[least]! += source.text.length;
  }
  return parts;
}

function cacheFolder(): string {
  const { TENON_CACHE, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  const base = XDG_CACHE_HOME ?? LOCALAPPDATA ?? join(homedir(), ".cache");
  return join(TENON_CACHE ?? join(base, "tenon"), "cuda");
}
