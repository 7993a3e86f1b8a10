import { type BackendChoice, type CompileOptions, compileOptionNames } from "@tenon/backend";
import {
  checkFunction,
  checkOptions,
  OptionError,
  type Precision,
  StateError,
  type Tensor,
  type VerifiedModule,
} from "@tenon/ir";
import { treeUnflatten } from "@tenon/tree";
import type { TypedArray } from "./bytes.ts";
import type { Context } from "./context.ts";
import { deviceOf } from "./device.ts";
import { currentFrame } from "./frame.ts";
import { discard, issue } from "./issue.ts";
import { type ArgumentSpec, type Layout, layoutKey, layoutOf, layoutOfSpecs, rebuild } from "./layout.ts";
import { yieldToHost } from "./memory.ts";
import { isCurrent, type Program, traceProgram } from "./program.ts";
import { saveStep } from "./save.ts";
import type { Variable } from "./variable.ts";

export interface CompileSettings extends CompileOptions {
  /**
   * Types of the arguments; sizes may be names, shared between arguments. Without them each new shape is traced. Records
   * may be given with their keys in another order, and numbers take the declared dtype.
   */
  readonly inputs?: readonly ArgumentSpec[];
  readonly backend?: BackendChoice;
  /** Name of the entry in the module: `step` by default. */
  readonly name?: string;
  /** Keep source lines in the module. */
  readonly sources?: boolean;
  /**
   * How the factors of products of float32 are rounded, in matrix products, convolutions, attention and recurrent cells, and in
   * their gradients: not at all, which is `float32` and the default, to TF32's 10 bits of fraction, or to bfloat16's 7. Sums,
   * results and Variables stay float32.
   */
  readonly precision?: keyof typeof precisions;
}

/** What may be passed where the function takes a tensor. */
export type Passable<T> = T extends Tensor
  ? Tensor | number | boolean | TypedArray
  : T extends Context
    ? T
    : T extends readonly unknown[] | Record<string, unknown>
      ? { [K in keyof T]: Passable<T[K]> }
      : T;

/** What comes back: tensors where the function returned tensors, Variables or numbers. */
export type Returned<T> = T extends Tensor | Variable | number | boolean
  ? Tensor
  : [Exclude<T, void>] extends [never]
    ? null
    : T extends object
      ? { [K in keyof T]: Returned<T[K]> }
      : T;

/** A function that was compiled: called like the original, it returns a promise of what the original returned. */
export interface Compiled<A extends readonly unknown[], R> {
  (...args: { [I in keyof A]: Passable<A[I]> }): Promise<Returned<R>>;
  /** The program for arguments of these types, traced but not run. */
  trace(...specs: readonly ArgumentSpec[]): VerifiedModule;
  /** The Variables that it reads or assigns, as far as it has been traced. */
  readonly variables: readonly Variable[];
  /** The program and every Variable, as the bytes of a `.tenon` file. */
  save(): Promise<Uint8Array>;
}

/** What `mul` of products is. */
const precisions = { float32: "same", tf32: "tf32", bfloat16: "bf16" } as const satisfies Record<string, Precision>;

/** How many traced programs a function keeps. */
const MAX_PROGRAMS = 64;

/**
 * Traces `fn` when it is first called with arguments of some types, compiles the graph as a whole, and from then on
 * runs that. Reading a Variable makes it an argument of the graph, assigning it a result; tensors captured from
 * outside become hidden arguments.
 */
export function compile<A extends readonly any[], R>(
  fn: (...args: A) => R,
  settings: CompileSettings = {},
): Compiled<A, R> {
  checkOptions("compile", settings, ["inputs", "backend", "name", "sources", "precision", ...compileOptionNames]);
  checkFunction("compile", "the first argument", fn);
  const { name = "step", sources = false, precision = "float32" } = settings;
  if (!Object.hasOwn(precisions, precision)) {
    const names = Object.keys(precisions).join(", ");
    throw new OptionError("E803", "compile", `precision is ${JSON.stringify(precision)}, which is none of ${names}`);
  }
  const declared = settings.inputs === undefined ? undefined : layoutOfSpecs(settings.inputs);
  const programs = new Map<string, Program[]>();
  let last: { program: Program; layout: Layout } | undefined;

  const programFor = (layout: Layout): Program => {
    const key = layoutKey(layout);
    const same = programs.get(key);
    const before = same?.find(isCurrent);
    if (before !== undefined) {
      programs.delete(key); // so that the least recently used is first
      programs.set(key, same!);
      return before;
    }
    const body = (leaves: readonly Tensor[]): unknown => fn(...(rebuild(layout, leaves) as unknown as A));
    const program = traceProgram(body, layout.types, layout.names, { name, sources, mul: precisions[precision] });
    programs.set(key, [...(programs.get(key) ?? []), program]);
    if (programs.size > MAX_PROGRAMS) {
      const [oldest, dropped] = programs.entries().next().value!;
      programs.delete(oldest);
      dropped.forEach(discard);
    }
    return program;
  };
  return callable({
    settings,
    find(args) {
      const { layout, tensors } = layoutOf(args, declared);
      last = { program: programFor(layout), layout };
      return { program: last.program, tensors };
    },
    trace: (specs) => programFor(declared !== undefined && specs.length === 0 ? declared : layoutOfSpecs(specs)).module,
    programs: () => [...programs.values()].flat(),
    saved() {
      if (last === undefined && declared !== undefined) last = { program: programFor(declared), layout: declared };
      if (last !== undefined) return last;
      throw new StateError("E416", "save", "the function has not been traced, so there is no program to save", {
        fix: "call it once, or give compile the types of its arguments with inputs",
      });
    },
  }) as Compiled<A, R>;
}

/** What stands behind a compiled or loaded function. */
export interface Callable {
  readonly settings: CompileSettings;
  find(args: readonly unknown[]): { program: Program; tensors: readonly Tensor[] };
  trace(specs: readonly ArgumentSpec[]): VerifiedModule;
  programs(): readonly Program[];
  saved(): { program: Program; layout: Layout };
}

export function callable(source: Callable): unknown {
  const {
    backend,
    inputs: _inputs,
    name: _name,
    sources: _sources,
    precision: _precision,
    ...options
  } = source.settings;
  const call = async (...args: unknown[]): Promise<unknown> => {
    if (currentFrame() !== undefined) {
      throw new StateError("E414", "compile", "a compiled function was called while another is being traced", {
        fix: "call the plain function there; it becomes part of the outer one",
      });
    }
    const { program, tensors } = source.find(args);
    const { results, done } = issue(program, tensors, deviceOf(backend), options);
    await done;
    await yieldToHost();
    return treeUnflatten(program.structure, results);
  };
  return Object.defineProperties(call, {
    trace: { value: (...specs: ArgumentSpec[]) => source.trace(specs) },
    variables: { get: () => [...new Set(source.programs().flatMap((p) => p.variables))] },
    save: { value: () => saveStep(source) },
  });
}
