import { createHash } from "node:crypto";
import { dtypes, LimitError } from "@tenon/ir";
import { candidatesOf } from "../libraries.ts";
import type { Block, Memory } from "../memory.ts";
import { FILL, isFailure, MULTIPLY, type NativeDevice, type NativeLibrary, type NativeProposal } from "../native.ts";
import { Prepared } from "../prepared.ts";
import { type Lies, numbersOf, type ProductProblem, textOf, workOf } from "./problem.ts";

/** Less work than this takes any kernel about as long as it takes to start one: then ours is not slower, and is made already. */
const LEAST_WORK = 2 ** 20;
/** What the library wants at most: NVIDIA, cuBLAS Library, section "cublasSetWorkspace". */
const HOPPER_WORKSPACE = 2 ** 25;
const WORKSPACE = 2 ** 22;
/** Proposals that are timed, and how often each. */
const PROPOSALS = 8;
const TIMES = 10;
/** Of what the library calls an algorithm. */
const ALGORITHM_BYTES = 64;
/** A byte that makes small finite numbers of every float. */
const SMALL_NUMBERS = 0x3c;

export interface ProductOptions {
  /** Whether proposals are timed, once for each product; otherwise the first is taken. */
  readonly tune: boolean;
  /** Whether the library gets products however small. */
  readonly small: boolean;
  /** The version of the driver. */
  readonly driver: number;
}

/** Bytes that outlast the process, by name. */
export interface Keep {
  read(name: string): Uint8Array | undefined;
  write(name: string, data: Uint8Array): void;
}

/** A product that is ready to run. */
export interface ReadyProduct {
  readonly number: number;
  readonly workspaceBytes: number;
}

/** The products of a device that cuBLASLt computes. Which algorithm it takes depends on the product, the device and the library alone. */
export class Products {
  readonly library: NativeLibrary;
  readonly #device: NativeDevice;
  readonly #memory: Memory;
  readonly #keep: Keep;
  readonly #options: ProductOptions;
  readonly #mostWorkspace: number;
  readonly #prepared: Prepared<ReadyProduct>;

  constructor(device: NativeDevice, memory: Memory, keep: Keep, options: ProductOptions) {
    const candidates = (["products", "runtime"] as const).map((kind) =>
      candidatesOf(kind, process.env, options.driver),
    ) as [readonly string[], readonly string[]];
    this.library = device.useProducts(...candidates);
    this.#device = device;
    this.#prepared = new Prepared((number) => device.removeProduct(number));
    this.#memory = memory;
    this.#keep = keep;
    this.#options = options;
    this.#mostWorkspace = device.facts.major >= 9 ? HOPPER_WORKSPACE : WORKSPACE;
  }

  /** Major and minor. */
  get version(): string {
    const { version } = this.library;
    return `${Math.floor(version / 10_000)}.${Math.floor(version / 100) % 100}`;
  }

  /** Whether there is enough to do for the library. */
  takes(problem: ProductProblem): boolean {
    return workOf(problem) >= LEAST_WORK || this.#options.small;
  }

  /** The product, or why it is left to a kernel of our own; the user has it until it leaves. */
  ready(problem: ProductProblem, user: object): ReadyProduct | string {
    if (!this.takes(problem)) return "little work";
    const numbers = numbersOf(problem, this.#mostWorkspace);
    return this.#prepared.get(numbers.join(" "), user, () => this.#prepare(problem, numbers));
  }

  /** A user wants no product any more. */
  leave(user: object): void {
    this.#prepared.leave(user);
  }

  #prepare(problem: ProductProblem, numbers: Float64Array): ReadyProduct | string {
    const number = this.#device.addProduct(numbers);
    try {
      const workspaceBytes = this.#chosen(number, problem, numbers);
      if (workspaceBytes !== undefined) return { number, workspaceBytes };
      this.#device.removeProduct(number);
      return `cuBLASLt has no algorithm for ${textOf(problem)}`;
    } catch (error) {
      this.#device.removeProduct(number);
      if (!isFailure(error)) throw error;
      return `cuBLASLt refuses ${textOf(problem)}: ${error.message}`;
    }
  }

  /** Settles on an algorithm, and gives the bytes of workspace that it wants; undefined where there is none. */
  #chosen(product: number, problem: ProductProblem, numbers: Float64Array): number | undefined {
    const { tune } = this.#options;
    const name = `product-${this.#fingerprint(numbers)}`;
    const kept = tune ? this.#keep.read(name) : undefined;
    if (kept?.length === ALGORITHM_BYTES) {
      try {
        return this.#device.choose(product, kept);
      } catch (error) {
        if (!isFailure(error)) throw error; // otherwise it is none of this library's after all
      }
    }
    const proposals = this.#device.proposals(product, tune ? PROPOSALS : 1);
    if (proposals.length === 0) return undefined;
    const { algorithm } = proposals[tune ? this.#quickest(product, problem, proposals) : 0]!;
    if (tune) this.#keep.write(name, algorithm);
    return this.#device.choose(product, algorithm);
  }

  #fingerprint(numbers: Float64Array): string {
    const { name, major, minor, multiprocessors } = this.#device.facts;
    const parts = [[...numbers], name, major, minor, multiprocessors, this.library.version];
    return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
  }

  /** The place of the proposal that takes the least time, on memory that is borrowed for it; the first where there is none. */
  #quickest(product: number, problem: ProductProblem, proposals: readonly NativeProposal[]): number {
    const blocks: Block[] = [];
    const borrow = (bytes: number): number => {
      const block = this.#memory.alloc(bytes);
      blocks.push(block);
      return block.address;
    };
    const { rows, columns, depth, batch, turnA, turnB, a, b, c, d, bias, operandType, resultType } = problem;
    const [operand, result] = [dtypes[operandType].byteLength, dtypes[resultType].byteLength];
    const matrix = (lies: Lies, across: number, down: number, bytes: number): number =>
      borrow(((batch - 1) * lies.stride + (across - 1) * lies.leading + down) * bytes);
    try {
      const addressA = turnA ? matrix(a, rows, depth, operand) : matrix(a, depth, rows, operand);
      const addressB = turnB ? matrix(b, depth, columns, operand) : matrix(b, columns, depth, operand);
      const addressD = matrix(d, columns, rows, result);
      const addressC = c === undefined ? addressD : matrix(c, columns, rows, result);
      const added = bias === undefined ? 0 : borrow(rows * result);
      const addresses = [addressA, addressB, addressC, addressD, added];
      for (const { address, size } of blocks) this.#device.enqueue(Float64Array.of(FILL, address, SMALL_NUMBERS, size));
      const workspace = borrow(Math.max(1, ...proposals.map(({ workspaceBytes }) => workspaceBytes)));
      const times = proposals.map(({ algorithm }) => {
        this.#device.choose(product, algorithm);
        return this.#device.time(Float64Array.of(MULTIPLY, product, ...addresses, workspace), TIMES);
      });
      return times.indexOf(Math.min(...times));
    } catch (error) {
      if (error instanceof LimitError) return 0;
      throw error;
    } finally {
      for (const block of blocks) this.#memory.free(block);
    }
  }
}
