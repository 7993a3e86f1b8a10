import { candidatesOf } from "../libraries.ts";
import { isFailure, type NativeComputation, type NativeDevice, type NativeLibrary } from "../native.ts";
import { Prepared } from "../prepared.ts";
import { graphsOf } from "./graphs.ts";
import { type AttentionProblem, textOf, workOf } from "./problem.ts";

/** Less work than this takes any kernel about as long as it takes to start one. */
const LEAST_WORK = 2 ** 20;
/** The first compute capability with what the engines are made of. */
const LEAST_MAJOR = 8;
/** Versions whose attention is wrong, by NVIDIA's frontend. */
const WRONG = new Set([91_000, 91_001]);

export interface AttentionOptions {
  /** Whether the library gets attentions however small. */
  readonly small: boolean;
  /** The version of the driver. */
  readonly driver: number;
}

/** An attention that is ready to run, and how the library was told of it. */
export interface ReadyAttention extends NativeComputation {
  readonly told: string;
}

/** The attentions of a device that cuDNN computes, each by the first engine that it names, untimed. */
export class Attentions {
  readonly library: NativeLibrary;
  readonly #device: NativeDevice;
  readonly #small: boolean;
  readonly #prepared: Prepared<ReadyAttention>;

  constructor(device: NativeDevice, { small, driver }: AttentionOptions) {
    const candidates = candidatesOf("attention", process.env, driver);
    // it passes calls on to another one, which lies beside it
    const parts = candidates.map((path) => path.replace(/libcudnn(?=[^/]*$)/, "libcudnn_graph"));
    this.library = device.useComputations(candidates, parts);
    this.#device = device;
    this.#prepared = new Prepared((number) => device.removeComputation(number));
    this.#small = small;
  }

  /** Major, minor and patch. */
  get version(): string {
    const { version } = this.library;
    return [Math.floor(version / 10_000), Math.floor(version / 100) % 100, version % 100].join(".");
  }

  /** Why the library computes none on this device; undefined where it does. */
  get problem(): string | undefined {
    const { major, minor } = this.#device.facts;
    if (major < LEAST_MAJOR) return `cuDNN has no attention for sm_${major}${minor}`;
    return WRONG.has(this.library.version) ? `that of cuDNN ${this.version} is wrong` : undefined;
  }

  /** Whether there is enough to do for the library. */
  takes(problem: AttentionProblem): boolean {
    return workOf(problem) >= LEAST_WORK || this.#small;
  }

  /** The attention, or why it is left to a kernel of our own; the user has it until it leaves. */
  ready(problem: AttentionProblem, user: object): ReadyAttention | string {
    if (!this.takes(problem)) return "little work";
    const { q, k, v, y, lse, dtype, scale, causal } = problem;
    const arrays = [q, k, v, y, lse].map((x) => x && [x.sizes, x.strides]);
    const key = JSON.stringify([arrays, dtype, scale, causal]);
    return this.#prepared.get(key, user, () => this.#prepare(problem));
  }

  /** A user wants no attention any more. */
  leave(user: object): void {
    this.#prepared.leave(user);
  }

  #prepare(problem: AttentionProblem): ReadyAttention | string {
    let why = "";
    for (const { name, numbers } of graphsOf(problem, this.library.version)) {
      try {
        const found = this.#device.addComputation(numbers);
        if (found !== null) return { ...found, told: name };
        why = `cuDNN has no engine for ${textOf(problem)}`;
      } catch (error) {
        if (!isFailure(error)) throw error;
        why = `cuDNN refuses ${textOf(problem)}: ${error.message}`;
      }
    }
    return why;
  }
}
