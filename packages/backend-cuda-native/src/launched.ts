import { BackendError } from "@tenon/ir";
import { isFailure, type NativeFailure } from "./native.ts";
import type { Plan } from "./plan.ts";

/** Launches that an error names. */
const MOST_NAMED = 8;

/** Errors from which a context does not recover: NVIDIA, CUDA Driver API, "CUresult". Each call tells of them again. */
const isLast = ({ status }: NativeFailure): boolean => status >= 700 && status < 800;

/**
 * What has been launched since somebody waited. A kernel that fails is told of by whatever is asked of the device next, however long
 * after; so the error names all launches that may have been it.
 */
export class Launched {
  /** The last run of each plan that nobody has waited for. */
  readonly #runs = new Map<Plan, number>();
  #count = 0;
  /** After which there is nothing but it. */
  #last: BackendError | undefined;
  readonly #lost: () => void;

  /** @param lost Is told once that the device has failed for good. */
  constructor(lost: () => void) {
    this.#lost = lost;
  }

  /** Whether the device has failed for good. */
  get isLost(): boolean {
    return this.#last !== undefined;
  }

  add(plan: Plan): void {
    this.#runs.set(plan, ++this.#count);
  }

  /** Does what the device may refuse. */
  during<T>(work: () => T): T {
    if (this.#last !== undefined) throw this.#last;
    try {
      return work();
    } catch (error) {
      throw this.#explained(error);
    }
  }

  /** Waits for work that ends when all that was launched before has. */
  async through<T>(work: () => Promise<T>): Promise<T> {
    if (this.#last !== undefined) throw this.#last;
    const until = this.#count;
    try {
      const found = await work();
      for (const [plan, run] of this.#runs) if (run <= until) this.#runs.delete(plan);
      return found;
    } catch (error) {
      throw this.#explained(error);
    }
  }

  /** The error of a device on which one of the launches went wrong. */
  failed(failure: NativeFailure, launches: readonly string[]): BackendError {
    if (this.#last !== undefined) return this.#last;
    const names = [...new Set(launches)];
    const fix = names.length < 2 ? "" : "; with cudaNative({ debug: { wait: true } }) the error names the launch";
    const error = new BackendError("E541", "cuda-native", `the GPU failed: ${failure.message}`, {
      operands: names.length === 1 ? { kernel: names[0]! } : numbered(names),
      fix: `open the backend anew${fix}`,
      cause: failure,
    });
    if (isLast(failure)) {
      this.#last = error;
      this.#lost();
    }
    return error;
  }

  #explained(error: unknown): unknown {
    if (!isFailure(error)) return error;
    const plans = [...this.#runs.keys()];
    return this.failed(
      error,
      plans.flatMap(({ launches }) => launches),
    );
  }
}

function numbered(names: readonly string[]): Readonly<Record<string, string>> {
  const entries = names.slice(0, MOST_NAMED).map((name, i) => [`may be ${i + 1}`, name]);
  if (names.length > MOST_NAMED) entries.push(["and", `${names.length - MOST_NAMED} others since the last wait`]);
  return Object.fromEntries(entries) as Readonly<Record<string, string>>;
}
