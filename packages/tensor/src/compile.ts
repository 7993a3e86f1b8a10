import { type BackendChoice, type CompileOptions, compileOptionNames } from "@tenon/backend";
import {
  checkOptions,
  OptionError,
  ShapeError,
  StateError,
  sameShape,
  Tensor,
  type TensorType,
  typeText,
  type VerifiedModule,
} from "@tenon/ir";
import { type TreeStructure, treeEntries, treeFlatten, treeUnflatten } from "@tenon/tree";
import { isTypedArray, type TypedArray } from "./bytes.ts";
import { Context } from "./context.ts";
import { tensor } from "./create.ts";
import { deviceOf } from "./device.ts";
import { currentFrame } from "./frame.ts";
import { discard, issue } from "./issue.ts";
import { yieldToHost } from "./memory.ts";
import { isCurrent, type Program, traceProgram } from "./program.ts";
import type { Variable } from "./variable.ts";

/** The type of an argument, or of every tensor in one. A Context is described by `keySpec`. */
export type ArgumentSpec = TensorType | null | readonly ArgumentSpec[] | { readonly [key: string]: ArgumentSpec };

export interface CompileSettings extends CompileOptions {
  /** Types of the arguments; sizes may be names, shared between arguments. Without them each new shape is traced. */
  readonly inputs?: readonly ArgumentSpec[];
  readonly backend?: BackendChoice;
  /** Name of the entry in the module: `step` by default. */
  readonly name?: string;
  /** Keep source lines in the module. */
  readonly sources?: boolean;
  readonly precision?: (typeof precisions)[number];
}

/** What may be passed where the function takes a tensor. */
export type Passable<T> = T extends Tensor
  ? Tensor | number | TypedArray
  : T extends Context
    ? T
    : T extends readonly unknown[] | Record<string, unknown>
      ? { [K in keyof T]: Passable<T[K]> }
      : T;

/** What comes back: tensors where the function returned tensors, Variables or numbers. */
export type Returned<T> = T extends Tensor | Variable | number | boolean
  ? Tensor
  : T extends undefined | undefined
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

const precisions = ["same", "tf32", "bf16"] as const;

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
  if (typeof fn !== "function")
    throw new OptionError("E803", "compile", `the first argument is ${String(fn)}, which is no function`);
  const { precision: wanted = "same" } = settings;
  if (!precisions.includes(wanted)) {
    throw new OptionError(
      "E803",
      "compile",
      `precision is ${JSON.stringify(wanted)}, which is none of ${precisions.join(", ")}`,
    );
  }
  const programs = new Map<string, Program[]>();
  let last: { program: Program; layout: Layout } | undefined;

  const programFor = (layout: Layout): Program => {
    const key = layoutKey(layout);
    const before = programs.get(key)?.find(isCurrent);
    if (before !== undefined) return before;
    const body = (leaves: readonly Tensor[]): unknown => fn(...(rebuild(layout, leaves) as unknown as A));
    const { name = "step", sources = false, precision = "same" } = settings;
    const program = traceProgram(body, layout.types, layout.names, { name, sources, precision });
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
      const { layout, tensors } = layoutOf(args);
      const wanted = settings.inputs === undefined ? layout : specified(layout, layoutOfSpecs(settings.inputs));
      last = { program: programFor(wanted), layout: wanted };
      return { program: last.program, tensors };
    },
    trace: (specs) =>
      programFor(
        specified(
          undefined,
          layoutOfSpecs(specs.length === 0 && settings.inputs !== undefined ? settings.inputs : specs),
        ),
      ).module,
    programs: () => [...programs.values()].flat(),
    saved() {
      if (last === undefined && settings.inputs !== undefined) {
        const layout = layoutOfSpecs(settings.inputs);
        last = { program: programFor(layout), layout };
      }
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

let saver: (callable: Callable) => Promise<Uint8Array>;
/** Set by `format.ts`, which knows how programs are stored. */
export function installSaver(save: typeof saver): void {
  saver = save;
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
    save: { value: () => saver(source) },
  });
}

/** How arguments are made up of tensors. */
export interface Layout {
  readonly structures: readonly TreeStructure<unknown>[];
  /** Per leaf, in order over all arguments: a tensor, or a context of a kind; inference contexts have no tensor. */
  readonly leaves: readonly ("tensor" | "training" | "inference")[];
  readonly types: readonly TensorType[];
  readonly names: readonly string[];
}

export function layoutOf(args: readonly unknown[]): { layout: Layout; tensors: Tensor[] } {
  const tensors: Tensor[] = [];
  const leaves: Layout["leaves"][number][] = [];
  const names: string[] = [];
  const structures = args.map((arg, i) => {
    const { leaves: found, structure } = treeFlatten<unknown>(arg);
    const paths = found.length === 1 && found[0] === arg ? [""] : treeEntries<unknown>(arg).map(([path]) => `.${path}`);
    found.forEach((leaf: unknown, j) => {
      leaves.push(leaf instanceof Context ? leaf.kind : "tensor");
      if (leaf instanceof Context && leaf.rootKey === undefined) return;
      names.push(`arg${i}${paths[j]}`);
      tensors.push(leaf instanceof Context ? leaf.rootKey! : asTensor(leaf, `arg${i}${paths[j]}`));
    });
    return structure;
  });
  return {
    layout: { structures, leaves, types: tensors.map(({ dtype, shape }) => ({ dtype, shape })), names },
    tensors,
  };
}

function asTensor(leaf: unknown, name: string): Tensor {
  if (leaf instanceof Tensor) return leaf;
  if (typeof leaf === "number" || typeof leaf === "boolean" || isTypedArray(leaf)) return tensor(leaf);
  throw new OptionError(
    "E803",
    "compile",
    `${name} is ${leaf === undefined ? "undefined" : typeof leaf === "string" ? JSON.stringify(leaf) : (leaf as object).constructor.name}, which is no tensor`,
    {
      fix: "pass tensors, numbers, typed arrays, contexts, or records and lists of them; close over Variables and settings",
    },
  );
}

const isSpec = (x: unknown): x is TensorType => typeof x === "object" && x !== null && "dtype" in x && "shape" in x;

function layoutOfSpecs(specs: readonly ArgumentSpec[]): Layout {
  const types: TensorType[] = [];
  const names: string[] = [];
  const structures = specs.map((argument, i) => {
    const found: [string, TensorType][] = [];
    // a type is a record to the tree functions: hide it in a leaf
    const hide = (x: ArgumentSpec, path: string): unknown => {
      if (isSpec(x)) {
        found.push([path, x]);
        return () => x;
      }
      if (x === null) return null;
      if (typeof x !== "object") {
        throw new OptionError("E803", "compile", `inputs has ${JSON.stringify(x)} at ${path}, which is no type`, {
          fix: 'describe a tensor by spec, as in spec(["B", 784])',
        });
      }
      return Array.isArray(x)
        ? x.map((y, k) => hide(y, `${path}.${k}`))
        : Object.fromEntries(Object.entries(x as object).map(([k, y]) => [k, hide(y, `${path}.${k}`)]));
    };
    const { structure } = treeFlatten<unknown>(hide(argument, `arg${i}`));
    for (const [name, type] of found) {
      names.push(name);
      types.push(type);
    }
    return structure;
  });
  return { structures, leaves: types.map(() => "tensor"), types, names };
}

/** The layout of a call with the types that were declared for it; throws where they do not agree. */
export function specified(given: Layout | undefined, declared: Layout): Layout {
  if (given === undefined) return declared;
  if (given.types.length !== declared.types.length || given.structures.length !== declared.structures.length) {
    throw new ShapeError(
      "E524",
      "compile",
      `${given.types.length} tensors given in ${given.structures.length} arguments, ${declared.types.length} in ${declared.structures.length} declared`,
      {
        fix: "pass what inputs describes",
      },
    );
  }
  given.types.forEach((type, i) => {
    const wanted = declared.types[i]!;
    const fits =
      type.dtype === wanted.dtype &&
      type.shape.length === wanted.shape.length &&
      type.shape.every((d, j) => typeof wanted.shape[j] !== "number" || d === wanted.shape[j]);
    if (fits || sameShapeAndType(type, wanted)) return;
    throw new ShapeError(
      "E521",
      "compile",
      `${given.names[i]} is ${typeText(type)}, but ${typeText(wanted)} was declared`,
      { fix: "cast or reshape the argument, or change inputs" },
    );
  });
  return { ...given, types: declared.types };
}

const sameShapeAndType = (a: TensorType, b: TensorType): boolean => a.dtype === b.dtype && sameShape(a.shape, b.shape);

function layoutKey({ structures, leaves, types }: Layout): string {
  return `${structures.map((s) => (typeof s.skeleton === "number" ? "t" : JSON.stringify(s.skeleton))).join(";")}|${leaves.join()}|${types.map(typeText).join(";")}`;
}

/** The arguments as the function sees them while it is traced. */
function rebuild({ structures, leaves }: Layout, tensors: readonly Tensor[]): unknown[] {
  let next = 0;
  let leaf = 0;
  return structures.map((structure) => {
    const values = Array.from({ length: structure.leafCount }, () => {
      const kind = leaves[leaf++]!;
      if (kind === "tensor") return tensors[next++];
      return new Context(kind, kind === "training" ? tensors[next++] : undefined);
    });
    return treeUnflatten(structure, values);
  });
}
