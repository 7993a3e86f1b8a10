import { input, StateError, type Tensor } from "@tenon/ir";
import type { Variable } from "./variable.ts";

/** What a Variable is while a function is being traced: where its value comes from, and where an assignment goes. */
export interface Frame {
  /** The compiled function that is being traced, if any. */
  readonly compiling: Frame | undefined;
  read(variable: Variable): Tensor;
  write(variable: Variable, value: Tensor): void;
}

const frames: Frame[] = [];

export const currentFrame = (): Frame | undefined => frames.at(-1);

/**
 * Runs `body` with `frame` in charge of Variables. Whoever asked for it refuses a promise; the promise itself is given up,
 * since it may fail later, for a value that it waits for, and nobody would hear that.
 */
export function inFrame<T>(frame: Frame, body: () => T): T {
  frames.push(frame);
  try {
    const result = body();
    if (result instanceof Promise) result.catch(() => {});
    return result;
  } finally {
    frames.pop();
  }
}

/** A compiled function's own view: each Variable it touches is an argument, each assignment a result. */
export class CompileFrame implements Frame {
  readonly compiling = this;
  /** Arguments that stand for Variables, in the order in which they were first touched. */
  readonly leaves = new Map<Variable, Tensor>();
  readonly writes = new Map<Variable, Tensor>();

  read(variable: Variable): Tensor {
    return this.writes.get(variable) ?? this.#leaf(variable);
  }

  write(variable: Variable, value: Tensor): void {
    this.#leaf(variable);
    this.writes.set(variable, value);
  }

  #leaf(variable: Variable): Tensor {
    let leaf = this.leaves.get(variable);
    if (leaf === undefined) {
      leaf = input({ dtype: variable.dtype, shape: variable.shape }, variable.name);
      this.leaves.set(variable, leaf);
    }
    return leaf;
  }
}

/** A view laid over the one outside: some Variables have other values here, and assignments are kept. */
export class OverlayFrame implements Frame {
  readonly compiling: Frame | undefined;
  readonly writes = new Map<Variable, Tensor>();
  readonly #outer: Frame | undefined;
  readonly #own: ReadonlyMap<Variable, Tensor>;
  readonly #refusal: string | undefined;

  /** @param refusal Why nothing may be assigned here, if so. */
  constructor(own: ReadonlyMap<Variable, Tensor>, refusal?: string) {
    this.#outer = currentFrame();
    this.compiling = this.#outer?.compiling;
    this.#own = own;
    this.#refusal = refusal;
  }

  read(variable: Variable): Tensor {
    return this.writes.get(variable) ?? this.#own.get(variable) ?? this.readOutside(variable);
  }

  readOutside(variable: Variable): Tensor {
    return this.#outer === undefined ? variable.current() : this.#outer.read(variable);
  }

  writeOutside(variable: Variable, value: Tensor): void {
    if (this.#outer === undefined) variable.replace(value);
    else this.#outer.write(variable, value);
  }

  write(variable: Variable, value: Tensor): void {
    if (this.#refusal !== undefined) {
      throw new StateError("E409", "assign", `${variable.label()} is assigned inside ${this.#refusal}`, {
        fix: "return the new value as a result, and assign it outside",
      });
    }
    this.writes.set(variable, value);
  }
}
