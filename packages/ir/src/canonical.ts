import { isFunctionRef, isList } from "./attr-value.ts";
import type { Attrs, AttrValue, Signature } from "./attrs.ts";
import { type Dim, DimExpr, type DimSymbol, dimSubstitute, dimSymbol, dimSymbols } from "./dim.ts";
import { dtypes, isFloat } from "./dtype.ts";
import {
  type FunctionDef,
  type FunctionName,
  functionName,
  IR_VERSION,
  type Module,
  namespaceOf,
  noTables,
  type OpRow,
} from "./module.ts";
import { decodeElements, encodeElements } from "./number.ts";
import { numberText } from "./number-text.ts";
import type { TensorType } from "./shape.ts";
import { schemaOf } from "./written.ts";

/**
 * The one form of all modules that compute the same in the same way: unused functions, ops and sizes are gone, values
 * are numbered depth first from the results, equal constants are one, attributes are sorted, sizes are `s0, s1, …` and
 * functions `f0, f1, …` in the order of their first use, every NaN is the canonical one, notes are dropped. Inputs
 * stay as they are. For verified modules.
 */
export const canonicalModule = (module: Module): Module => new Canonical(module, false).build();

/** The canonical form with every splat constant, and every number given to a composite, at 0, and every size unbounded. */
export const abstractModule = (module: Module): Module => new Canonical(module, true).build();

class Canonical {
  private readonly module: Module;
  private readonly abstract: boolean;
  private readonly byName: ReadonlyMap<string, FunctionDef>;
  /** Of each function: its rows that are used, in their new order, and the constants that take others' places. */
  private readonly bodies = new Map<string, { readonly live: readonly number[]; readonly twins: Twins }>();
  private readonly names = new Map<string, string>();
  private readonly signatures = new Map<string, Signature>();
  private readonly symbols = new Map<string, Dim>();
  private readonly dims = new Map<string, Dim>();
  private readonly types = new Map<TensorType, TensorType>();

  constructor(module: Module, abstract: boolean) {
    this.module = module;
    this.abstract = abstract;
    this.byName = new Map(module.functions.map((fn) => [fn.name, fn]));
  }

  build(): Module {
    const { module } = this;
    const entries = [...module.entries].sort(byFirst);
    const roots = entries.length > 0 ? entries.map(([, fn]) => fn) : [...this.byName.keys()];
    const used = this.functionsFrom(roots);
    this.nameSymbols(used);
    const functions = used.map((fn) => this.function(fn));
    const opsets = new Map<string, number>();
    for (const { op, version } of functions.flatMap((fn) => fn.ops)) {
      opsets.set(namespaceOf(op), Math.max(version, opsets.get(namespaceOf(op)) ?? 0));
    }
    return {
      version: IR_VERSION,
      opsets: new Map([...opsets].sort(byFirst)),
      symbols: [...this.symbols.values()].flatMap((d) => [...dimSymbols(d).values()]),
      functions,
      entries: new Map(entries.map(([name, fn]) => [name, this.names.get(fn)!])),
      weights: module.weights.map((row) => ({ ...row, type: this.type(row.type) })).sort(byName),
      state: module.state.map((row) => ({ ...row, type: this.type(row.type) })).sort(byName),
      tables: noTables,
    };
  }

  /** The functions that `roots` need, each after those it calls, and their new names. */
  private functionsFrom(roots: readonly string[]): FunctionDef[] {
    const order: FunctionDef[] = [];
    const seen = new Set<string>();
    const stack: { readonly fn: FunctionDef; readonly callees: readonly string[]; next: number }[] = [];
    const enter = (name: string): void => {
      const fn = this.byName.get(name);
      if (fn === undefined || seen.has(name)) return;
      seen.add(name);
      const twins = this.equalConstants(fn);
      const live = liveRows(fn, twins);
      this.bodies.set(name, { live, twins });
      stack.push({ fn, callees: live.flatMap((i) => calls(fn.ops[i]!)), next: 0 });
    };
    for (const root of roots) {
      enter(root);
      while (stack.length > 0) {
        const top = stack.at(-1)!;
        const callee = top.callees[top.next++];
        if (callee !== undefined) enter(callee);
        else {
          stack.pop();
          this.names.set(top.fn.name, `f${order.length}`);
          order.push(top.fn);
        }
      }
    }
    return order;
  }

  /** Sizes that are an input's own axis come first: they stand alone, so that their order depends on no name. */
  private nameSymbols(functions: readonly FunctionDef[]): void {
    const shapes = functions.flatMap((fn) => fn.inputs.map(({ type }) => type.shape));
    for (const d of shapes.flat())
      if (d instanceof DimExpr && [...dimSymbols(d).keys()][0] === d.key) this.nameSymbol(d);
    for (const d of shapes.flat()) this.nameSymbol(d);
    for (const fn of functions) {
      for (const i of this.bodies.get(fn.name)!.live) {
        const { types, attrs } = fn.ops[i]!;
        for (const { shape } of types) for (const d of shape) this.nameSymbol(d);
        for (const [, value] of Object.entries(attrs).sort(byFirst)) eachDim(value, (d) => this.nameSymbol(d));
      }
    }
  }

  private nameSymbol(d: Dim): void {
    if (typeof d === "number") return;
    for (const { name, ...range } of [...dimSymbols(d).values()].sort(byRange)) {
      if (!this.symbols.has(name))
        this.symbols.set(name, dimSymbol(`s${this.symbols.size}`, this.abstract ? {} : range));
    }
  }

  private dim(d: Dim): Dim {
    if (typeof d === "number") return d;
    let renamed = this.dims.get(d.key);
    if (renamed === undefined) {
      renamed = dimSubstitute(d, this.symbols);
      this.dims.set(d.key, renamed);
    }
    return renamed;
  }

  private type(type: TensorType): TensorType {
    let renamed = this.types.get(type);
    if (renamed === undefined) {
      renamed = { dtype: type.dtype, shape: type.shape.map((d) => this.dim(d)) };
      this.types.set(type, renamed);
    }
    return renamed;
  }

  private function(fn: FunctionDef): FunctionDef {
    const name = this.names.get(fn.name)!;
    const firsts = firstValues(fn);
    const { live, twins } = this.bodies.get(fn.name)!;
    const numbers = new Map<number, number>(fn.inputs.map((_, i) => [i, i]));
    const types: TensorType[] = fn.inputs.map(({ type }) => this.type(type));
    const renumber = (value: number): number => numbers.get(value)!;
    const ops = live.map((i): OpRow => {
      const row = fn.ops[i]!;
      const made = this.row(row, row.operands.map(renumber));
      row.types.forEach((_, j) => {
        numbers.set(firsts[i]! + j, types.length + j);
      });
      for (const twin of twins.get(i) ?? []) numbers.set(firsts[twin]!, types.length);
      types.push(...made.types);
      return made;
    });
    const inputs = fn.inputs.map(({ alias }, i) => ({ type: types[i]!, ...(alias !== undefined && { alias }) }));
    const results = fn.results.map(renumber);
    this.signatures.set(name, { inputs: inputs.map((i) => i.type), results: results.map((v) => types[v]!) });
    return { name, inputs, ops, results };
  }

  /** Constants of one value and type: the first row, and those after it. */
  private equalConstants(fn: FunctionDef): Twins {
    const firstOf = new Map<string, number>();
    const twins = new Map<number, number[]>();
    fn.ops.forEach((row, i) => {
      const name = valueAttr(row);
      if (name === undefined) return;
      const [type] = row.types as readonly [TensorType];
      const value = this.elements(row.attrs[name], type);
      const text = typeof value === "number" ? numberText(value) : `bytes ${String(value)}`;
      const key = `${type.dtype} ${type.shape.join()} ${text}`;
      const first = firstOf.get(key);
      if (first === undefined) firstOf.set(key, i);
      else if (twins.has(first)) twins.get(first)!.push(i);
      else twins.set(first, [i]);
    });
    return twins;
  }

  private row(row: OpRow, operands: readonly number[]): OpRow {
    const { op, version, attrs, decomp, vjp } = row;
    const elements = valueAttr(row);
    const sorted: Record<string, AttrValue> = Object.create(null);
    for (const name of Object.keys(attrs).sort()) {
      const value = attrs[name];
      if (value === undefined) continue;
      if (name === elements) sorted[name] = this.elements(value, row.types[0]!);
      // what a number means to a composite, its decomposition says
      else sorted[name] = this.abstract && decomp !== undefined && typeof value === "number" ? 0 : this.value(value);
    }
    return {
      op,
      version,
      operands,
      attrs: sorted,
      types: row.types.map((type) => this.type(type)),
      ...(decomp && { decomp: this.fn(decomp) }),
      ...(vjp && { vjp: this.fn(vjp) }),
    };
  }

  private fn(fn: FunctionName): FunctionName {
    return functionName(this.names.get(fn.name)!, this.signatures);
  }

  private elements(value: AttrValue, { dtype }: TensorType): AttrValue {
    if (typeof value === "number") return this.abstract ? 0 : value;
    const bytes = value as Uint8Array;
    return isFloat(dtype) && bytes.length % dtypes[dtype].byteLength === 0
      ? encodeElements(dtype, decodeElements(dtype, bytes))
      : bytes;
  }

  private value(value: AttrValue): AttrValue {
    if (typeof value !== "object" || value instanceof Uint8Array) return value;
    if (value instanceof DimExpr) return this.dim(value);
    if (isList(value)) return value.map((v) => this.value(v));
    if (isFunctionRef(value)) return this.fn(value as FunctionName);
    const sorted: Record<string, AttrValue> = Object.create(null);
    for (const [name, v] of Object.entries(value as Attrs).sort(byFirst))
      if (v !== undefined) sorted[name] = this.value(v);
    return sorted;
  }
}

/** Rows of constants that are dropped, by the row that takes their place. */
type Twins = ReadonlyMap<number, readonly number[]>;

/** The attribute that holds the elements of a constant. */
function valueAttr(row: OpRow): string | undefined {
  const schema = schemaOf(row) ?? {};
  return Object.keys(schema).find((name) => schema[name]!.kind === "value");
}

const byFirst = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  a < b ? -1 : a > b ? 1 : 0;

const byName = (a: { name: string; entry: string }, b: { name: string; entry: string }): number =>
  byFirst([a.name, a], [b.name, b]) || byFirst([a.entry, a], [b.entry, b]);

const byRange = (a: DimSymbol, b: DimSymbol): number =>
  a.min - b.min || a.max - b.max || a.multiple - b.multiple || (a.name < b.name ? -1 : 1);

function eachDim(value: AttrValue, visit: (d: Dim) => void): void {
  if (value instanceof DimExpr) visit(value);
  else if (typeof value !== "object" || value instanceof Uint8Array || isFunctionRef(value)) return;
  else for (const v of isList(value) ? value : Object.values(value as Attrs)) eachDim(v, visit);
}

/** Functions that a row names: decomposition, derivative, then those of its attributes by name. */
function calls({ attrs, decomp, vjp }: OpRow): string[] {
  const found: string[] = [];
  for (const fn of [decomp, vjp]) if (fn !== undefined) found.push(fn.name);
  for (const [, value] of Object.entries(attrs).sort(byFirst)) {
    for (const v of isList(value) ? value : [value]) if (isFunctionRef(v)) found.push((v as FunctionName).name);
  }
  return found;
}

/** The number of the first result of each row. */
function firstValues(fn: FunctionDef): number[] {
  let next = fn.inputs.length;
  return fn.ops.map(({ types }) => (next += types.length) - types.length);
}

/** Rows that the results depend on, depth first from the results, operands before users, equal constants once. */
function liveRows(fn: FunctionDef, equal: Twins): readonly number[] {
  const firsts = firstValues(fn);
  const producer: number[] = fn.inputs.map(() => -1);
  for (const [i, { types }] of fn.ops.entries()) for (const _ of types) producer.push(i);
  const first = new Map<number, number>();
  for (const [kept, twins] of equal) for (const twin of twins) first.set(twin, kept);
  const rowOf = (value: number): number => {
    const row = producer[value]!;
    return first.get(row) ?? row;
  };
  const order: number[] = [];
  const visited = new Uint8Array(firsts.length);
  const stack: { readonly row: number; next: number }[] = [];
  const enter = (row: number): void => {
    if (row < 0 || visited[row] === 1) return;
    visited[row] = 1;
    stack.push({ row, next: 0 });
  };
  for (const result of fn.results) {
    enter(rowOf(result));
    while (stack.length > 0) {
      const top = stack.at(-1)!;
      const operand = fn.ops[top.row]!.operands[top.next++];
      if (operand !== undefined) enter(rowOf(operand));
      else {
        stack.pop();
        order.push(top.row);
      }
    }
  }
  return order;
}
