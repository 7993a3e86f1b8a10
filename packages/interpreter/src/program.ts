import { type Bindings, concreteType } from "@tenon/backend";
import {
  type Attrs,
  type AttrValue,
  buildModule,
  type ConcreteType,
  type Dim,
  dimValue,
  Fn,
  type FunctionDef,
  type FunctionName,
  type FunctionRef,
  lookupOp,
  type Module,
  mapRegions,
  type OpRecord,
  type OpRow,
  StateError,
  type TensorType,
  trace,
} from "@tenon/ir";
import { meaningOf } from "@tenon/ir/meanings";
import { toGraph } from "@tenon/ir/to-graph";

/** A function of a module with every size known: what runs. */
export interface Program {
  readonly inputs: readonly ConcreteType[];
  readonly steps: readonly Step[];
  readonly results: readonly number[];
  /** Largest number of bytes of intermediate values alive at once. */
  readonly peakBytes: number;
  /** The program of a region. */
  readonly region: (fn: FunctionRef) => Program;
}

/** One row of a program. */
export interface Step {
  readonly op: OpRecord | undefined;
  /** A composite runs as this. */
  readonly body: Program | undefined;
  readonly operands: readonly number[];
  readonly attrs: Attrs;
  readonly types: readonly ConcreteType[];
  /** Number of the first result among the values. */
  readonly first: number;
  /** Values that no later step needs. */
  readonly dead: readonly number[];
}

/** The programs of a module's functions under one binding of its symbols, made when they are first asked for. */
export class Programs {
  private readonly module: Module;
  private readonly bindings: Bindings;
  private readonly decompositions: Map<string, Program>;
  private readonly functions: ReadonlyMap<string, FunctionDef>;
  private readonly done = new Map<string, Program>();

  constructor(module: Module, bindings: Bindings, decompositions: Map<string, Program> = new Map()) {
    this.module = module;
    this.bindings = bindings;
    this.decompositions = decompositions;
    this.functions = new Map(module.functions.map((f) => [f.name, f]));
  }

  of(name: string): Program {
    let program = this.done.get(name);
    if (program === undefined) {
      const def = this.functions.get(name);
      if (def === undefined) throw new StateError("E308", "interpreter", `there is no function @${name}`);
      program = this.link(def);
      this.done.set(name, program);
    }
    return program;
  }

  private link(def: FunctionDef): Program {
    const inputs = def.inputs.map(({ type }) => concreteType(type, this.bindings));
    const lastUse = lastUses(def);
    const valueTypes = [...inputs];
    let live = 0;
    let peakBytes = 0;
    const steps = def.ops.map((row, i): Step => {
      const types = row.types.map((type) => concreteType(type, this.bindings));
      const first = valueTypes.length;
      valueTypes.push(...types);
      const step = this.step(
        row,
        row.operands.map((v) => valueTypes[v]!),
        types,
        first,
        lastUse[i]!,
      );
      live += bytesOf(types);
      peakBytes = Math.max(peakBytes, live + this.innerBytes(step));
      live -= bytesOf(step.dead.filter((v) => v >= inputs.length).map((v) => valueTypes[v]!));
      return step;
    });
    return { inputs, steps, results: def.results, peakBytes, region: (fn) => this.of((fn as FunctionName).name) };
  }

  private step(
    row: OpRow,
    operands: readonly ConcreteType[],
    types: readonly ConcreteType[],
    first: number,
    dead: readonly number[],
  ): Step {
    const op = row.decomp === undefined ? lookupOp(row.op) : undefined;
    const attrs = op === undefined ? row.attrs : bindAttrs(op, row.attrs, this.bindings);
    const body =
      row.decomp !== undefined
        ? this.of(row.decomp.name)
        : op !== undefined && !runs(op)
          ? this.decomposition(op, attrs, operands)
          : undefined;
    return { op, body, operands: row.operands, attrs, types, first, dead };
  }

  /** Composites of the same op, attributes and operand types share one program. */
  private decomposition(op: OpRecord, attrs: Attrs, operands: readonly ConcreteType[]): Program {
    if (op.decompose === undefined)
      throw new StateError(
        "E418",
        op.name,
        "the op has no meaning here: neither elements nor a decomposition define it",
      );
    const graphs = mapRegions(op, attrs, (fn) =>
      fn instanceof Fn ? fn : toGraph(this.module, (fn as FunctionName).name),
    );
    const key = graphs === attrs ? `${op.name}@${op.version} ${JSON.stringify([attrs, operands], exactly)}` : undefined;
    const before = key === undefined ? undefined : this.decompositions.get(key);
    if (before !== undefined) return before;
    const { fn } = trace((...args) => op.decompose!(args, graphs), operands, { name: "decomposition" });
    const module = buildModule({ entries: { decomposition: fn } });
    const program = new Programs(module, this.bindings, this.decompositions).of(module.entries.get("decomposition")!);
    if (key !== undefined) this.decompositions.set(key, program);
    return program;
  }

  private innerBytes({ op, attrs, body }: Step): number {
    if (body !== undefined) return body.peakBytes;
    let largest = 0;
    if (op !== undefined)
      mapRegions(op, attrs, (fn) => ((largest = Math.max(largest, this.of((fn as FunctionName).name).peakBytes)), fn));
    return largest;
  }
}

/** Whether the record itself says what the op computes. */
const runs = (op: OpRecord): boolean => meaningOf(op) !== undefined || op.evaluate !== undefined;

const bytesOf = (types: readonly ConcreteType[]): number =>
  types.reduce((sum, { shape }) => sum + shape.reduce((n, size) => n * size, Float64Array.BYTES_PER_ELEMENT), 0);

/** For each row, the values that it is the last to need; a result that nothing needs dies at once. */
function lastUses({ inputs, ops, results }: FunctionDef): readonly (readonly number[])[] {
  const seen = new Set(results);
  const dead: number[][] = new Array(ops.length);
  let end = inputs.length + ops.reduce((n, row) => n + row.types.length, 0);
  for (let i = ops.length - 1; i >= 0; i--) {
    const list: number[] = [];
    const visit = (value: number): void => {
      if (seen.has(value)) return;
      seen.add(value);
      list.push(value);
    };
    const first = end - ops[i]!.types.length;
    for (let value = first; value < end; value++) visit(value);
    ops[i]!.operands.forEach(visit);
    dead[i] = list;
    end = first;
  }
  return dead;
}

/** The attributes with numbers in the place of symbolic sizes. */
function bindAttrs(op: OpRecord, attrs: Attrs, bindings: Bindings): Attrs {
  const bound: Record<string, AttrValue> = { ...attrs };
  for (const [name, { kind }] of Object.entries(op.attrs)) {
    const value = attrs[name];
    if (value === undefined) continue;
    if (kind === "dim") bound[name] = dimValue(value as Dim, bindings);
    else if (kind === "dims" || kind === "result-shape")
      bound[name] = (value as readonly Dim[]).map((d) => dimValue(d, bindings));
    else if (kind === "types")
      bound[name] = (value as readonly TensorType[]).map((type) => concreteType(type, bindings));
  }
  return bound;
}

/** For JSON: numbers that JSON does not tell apart, and bytes. */
function exactly(_key: string, value: unknown): unknown {
  if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0)))
    return `number ${Object.is(value, -0) ? "-0" : value}`;
  if (value instanceof Uint8Array) return `bytes ${value.join()}`;
  return value;
}
