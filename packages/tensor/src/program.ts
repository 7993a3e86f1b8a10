import { type EntrySignature, type Executable, entrySignature } from "@tenon/backend";
import {
  close,
  input,
  inputOp,
  isLeaf,
  nextNodeId,
  type Precision,
  recorded,
  StateError,
  type StateRow,
  Tensor,
  type TensorType,
  topologicalOrder,
  toTensor,
  type VerifiedModule,
  valueText,
  withPrecision,
  withSources,
} from "@tenon/ir";
import { type TreeStructure, treeFlatten } from "@tenon/tree";
import type { Device } from "./device.ts";
import { CompileFrame, inFrame } from "./frame.ts";
import { Variable } from "./variable.ts";

/** A traced function, ready for any device. */
export interface Program {
  readonly module: VerifiedModule;
  readonly signature: EntrySignature;
  /** Arguments of the module: first the caller's, then the Variables, then tensors captured from outside. */
  readonly argumentCount: number;
  readonly variables: readonly Variable[];
  /** Whether gradients were taken with respect to each Variable when the function was traced. */
  readonly trainable: readonly boolean[];
  /** For each Variable the result that is its new value, if it is assigned. */
  readonly outputs: readonly (number | undefined)[];
  readonly captured: readonly Tensor[];
  /** How the first results make up what the function returned. */
  readonly structure: TreeStructure<unknown>;
  readonly executables: Map<Device, Promise<Executable>>;
}

export interface TraceSettings {
  readonly name: string;
  /** Keep the source line of every operation in the module. */
  readonly sources: boolean;
  /** How the factors of products are rounded. */
  readonly mul: Precision;
}

/** Runs `body` on argument leaves and makes a module of what it records. */
export function traceProgram(
  body: (leaves: readonly Tensor[]) => unknown,
  types: readonly TensorType[],
  names: readonly string[],
  settings: TraceSettings,
): Program {
  const { name, sources, mul } = settings;
  const since = nextNodeId();
  const frame = new CompileFrame();
  const leaves = types.map((type, i) => input(type, names[i]));
  const returned = inFrame(frame, () => withSources(() => withPrecision(mul, () => body(leaves)), sources));
  const { results, structure } = inFrame(frame, () => resultsOf(name, returned)); // which reads Variables
  const variables = [...frame.leaves.keys()];
  const written = [...frame.writes.keys()];
  const outputs = variables.map((v) => (frame.writes.has(v) ? results.length + written.indexOf(v) : undefined));
  const inputs = [...leaves, ...frame.leaves.values()];
  const { fn, captured } = close(
    name,
    inputs,
    [...results, ...frame.writes.values()],
    [...leaves.map(() => undefined), ...outputs],
    since,
  );
  for (const t of captured) checkCaptured(name, t);
  const state = stateRows(name, variables, leaves.length, outputs);
  const module = recorded({ entries: { [name]: fn }, state });
  return {
    module,
    signature: entrySignature(module, name),
    argumentCount: leaves.length,
    variables,
    trainable: variables.map((v) => v.trainable),
    outputs,
    captured,
    structure,
    executables: new Map(),
  };
}

function resultsOf(name: string, returned: unknown): { results: Tensor[]; structure: TreeStructure<unknown> } {
  if (returned instanceof Promise) {
    throw new StateError("E404", name, "a compiled function returned a promise", {
      fix: "make it synchronous: values cannot be read while a function is traced",
    });
  }
  const { leaves, structure } = treeFlatten<unknown>(returned ?? null);
  const results = leaves.map((leaf: unknown): Tensor => {
    if (leaf instanceof Tensor) return leaf;
    if (typeof leaf === "number" || typeof leaf === "boolean")
      return toTensor(name, leaf, typeof leaf === "boolean" ? "bool" : "float32");
    if (leaf instanceof Variable) return leaf.value;
    throw new StateError("E404", name, `a compiled function returned ${valueText(leaf)}, which is no tensor`, {
      fix: "return tensors, or records and lists of them",
    });
  });
  return { results, structure };
}

/** Tensors from outside may hold values or be on their way; the arguments of another trace never have any. */
function checkCaptured(name: string, t: Tensor): void {
  const stray = topologicalOrder([t]).find((node) => isLeaf(node) && node.op === inputOp);
  if (stray === undefined) return;
  throw new StateError("E413", name, "the function uses a tensor that belongs to another traced function", {
    operands: { x: t },
    fix: "return it from that function, and pass the result as an argument",
  });
}

/**
 * What the Variables of a program are called in its module and in files: by their names, and those without one by
 * their role and a number that is free in this program.
 */
export function namesOf(variables: readonly Variable[]): string[] {
  const taken = new Set<string>();
  for (const { name } of variables) {
    if (name === undefined) continue;
    if (taken.has(name)) {
      throw new StateError("E415", "compile", `two Variables are called ${name}`, {
        fix: "give them different names, for example with nameVariables(tree, prefix)",
      });
    }
    taken.add(name);
  }
  return variables.map(({ name, role }) => name ?? freeName(role, taken));
}

/** `prefix_0`, `prefix_1`, …: the first that is not taken, which then is. */
export function freeName(prefix: string, taken: Set<string>): string {
  let i = 0;
  while (taken.has(`${prefix}_${i}`)) i++;
  const name = `${prefix}_${i}`;
  taken.add(name);
  return name;
}

function stateRows(
  entry: string,
  variables: readonly Variable[],
  first: number,
  outputs: readonly (number | undefined)[],
): StateRow[] {
  const names = namesOf(variables);
  return variables.flatMap(({ dtype, shape, role }, i) => {
    const output = outputs[i];
    return output === undefined
      ? []
      : [{ name: names[i]!, type: { dtype, shape }, entry, input: first + i, output, role, owner: "@tenon/tensor" }];
  });
}

/** Whether the program is what tracing again would give: the Variables are the same, and so are their `trainable` flags. */
export const isCurrent = (program: Program): boolean =>
  program.variables.every((v, i) => v.trainable === program.trainable[i]);
