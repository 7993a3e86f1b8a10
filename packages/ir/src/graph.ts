import { isList } from "./attr-value.ts";
import type { Attrs, AttrValue, FunctionRef, Signature } from "./attrs.ts";
import { DimExpr, type DimSymbol, dimSymbols } from "./dim.ts";
import { ShapeError, StateError } from "./errors.ts";
import type { Fn } from "./function.ts";
import {
  type FunctionDef,
  type FunctionName,
  functionName,
  type InputDef,
  IR_VERSION,
  type Module,
  namespaceOf,
  type OpRow,
  type StateRow,
  type WeightRow,
} from "./module.ts";
import type { OpRecord, RowBuilder } from "./record.ts";
import { topologicalOrder } from "./rewrite.ts";
import type { Node, Tensor } from "./tensor.ts";
import { opsetVersion } from "./versions.ts";

export interface ModuleParts {
  /** Functions by entry name. */
  readonly entries: Readonly<Record<string, Fn>>;
  readonly weights?: readonly WeightRow[];
  readonly state?: readonly StateRow[];
}

/** The module of traced functions. */
export function buildModule({ entries, weights = [], state = [] }: ModuleParts): Module {
  const builder = new Builder();
  const entryNames = new Map<string, string>();
  for (const [entry, fn] of Object.entries(entries))
    entryNames.set(entry, builder.add(fn, fn.name === "fn" ? entry : fn.name).name);
  return {
    version: IR_VERSION,
    opsets: builder.opsets,
    symbols: [...builder.symbols.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    functions: builder.functions,
    entries: entryNames,
    weights,
    state,
    tables: { names: builder.names, scopes: builder.scopes, sources: builder.sources },
  };
}

class Builder implements RowBuilder {
  readonly functions: FunctionDef[] = [];
  readonly opsets = new Map<string, number>([["core", 1]]);
  readonly symbols = new Map<string, DimSymbol>();
  readonly names = new Map<string, Map<number, string>>();
  readonly scopes = new Map<string, Map<number, string>>();
  readonly sources = new Map<string, Map<number, string>>();
  readonly #done = new Map<FunctionRef, FunctionName>();
  readonly #signatures = new Map<string, Signature>();
  readonly #seen = new Set<readonly unknown[]>();
  readonly carried: RowBuilder["carried"] = new Map();

  /** Adds a function and the functions it calls, those first. */
  add(fn: Fn, wanted: string): FunctionName {
    const before = this.#done.get(fn);
    if (before !== undefined) return before;
    const ops: OpRow[] = [];
    const numbers = new Map<Tensor, number>();
    const [names, scopes, sources] = [new Map<number, string>(), new Map<number, string>(), new Map<number, string>()];
    fn.inputs.forEach((t, i) => {
      numbers.set(t, i);
      this.note(t.shape);
      if (typeof t.attrs.name === "string") names.set(i, t.attrs.name);
    });
    let next = fn.inputs.length;
    for (const node of topologicalOrder(fn.results)) {
      if (node.op.kind === "leaf") {
        if (numbers.has(node.outputs[0]!)) continue;
        throw new StateError("E405", fn.name, "the function uses a tensor from outside that is none of its arguments", {
          operands: { tensor: node.results[0] },
        });
      }
      for (const t of node.results) this.note(t.shape);
      const row = this.#row(
        node,
        node.inputs.map((t) => numbers.get(t)!),
      );
      if (node.scope !== undefined) scopes.set(ops.length, node.scope);
      if (node.source !== undefined) sources.set(ops.length, node.source);
      ops.push(row);
      for (const t of node.outputs) numbers.set(t, next++);
    }
    const name = this.#unique(wanted);
    const inputs = fn.inputs.map(
      (t, i): InputDef => ({
        type: { dtype: t.dtype, shape: t.shape },
        ...(fn.aliases[i] !== undefined && { alias: fn.aliases[i] }),
      }),
    );
    const results = fn.results.map((t) => {
      const number = numbers.get(t);
      if (number !== undefined) return number;
      throw new StateError("E405", fn.name, "a result is none of the function's values", { operands: { tensor: t } });
    });
    this.functions.push({ name, inputs, ops, results });
    this.#signatures.set(name, fn.signature);
    const found = functionName(name, this.#signatures);
    this.#done.set(fn, found);
    if (names.size > 0) this.names.set(name, names);
    if (scopes.size > 0) this.scopes.set(name, scopes);
    if (sources.size > 0) this.sources.set(name, sources);
    return found;
  }

  #row(node: Node, operands: readonly number[]): OpRow {
    const row = { operands, types: node.results, ...(node.op.row ?? plainRow)(node, this) };
    this.#use(row.op, row.version);
    return row;
  }

  #use(op: string, version: number): void {
    const space = namespaceOf(op);
    this.opsets.set(space, Math.max(opsetVersion(space) ?? version, this.opsets.get(space) ?? 0));
  }

  #unique(wanted: string): string {
    let name = wanted;
    for (let i = 1; this.#signatures.has(name); i++) name = `${wanted}_${i}`;
    return name;
  }

  /** Takes down the symbols of a shape, or of an attribute. */
  note(dims: readonly unknown[]): void {
    if (this.#seen.has(dims)) return;
    this.#seen.add(dims);
    for (const d of dims) {
      if (!(d instanceof DimExpr)) continue;
      for (const symbol of dimSymbols(d).values()) {
        const before = this.symbols.get(symbol.name);
        if (before === undefined) this.symbols.set(symbol.name, symbol);
        else if (before.min !== symbol.min || before.max !== symbol.max || before.multiple !== symbol.multiple) {
          throw new ShapeError("E212", "module", `the size ${symbol.name} is declared with two ranges`, {
            operands: {
              first: `${before.min}..${before.max} mult ${before.multiple}`,
              second: `${symbol.min}..${symbol.max} mult ${symbol.multiple}`,
            },
          });
        }
      }
    }
  }
}

/** A row as most ops have it. */
export function plainRow({ op, attrs: given }: Node, builder: RowBuilder): ReturnType<NonNullable<OpRecord["row"]>> {
  const attrs = mapRegions(op, given, (fn, key) =>
    builder.add(fn as Fn, (fn as Fn).name === "fn" ? key : (fn as Fn).name),
  );
  for (const value of Object.values(attrs)) builder.note(isList(value) ? value : [value]);
  return { op: op.name, version: op.version, attrs };
}

/** The attributes with every function replaced. */
export function mapRegions(op: OpRecord, attrs: Attrs, replace: (fn: FunctionRef, key: string) => FunctionRef): Attrs {
  let mapped: Record<string, AttrValue> | undefined;
  for (const [key, { kind }] of Object.entries(op.attrs)) {
    if (kind === "function" && attrs[key] !== undefined)
      (mapped ??= { ...attrs })[key] = replace(attrs[key] as FunctionRef, key);
    else if (kind === "functions")
      (mapped ??= { ...attrs })[key] = (attrs[key] as readonly FunctionRef[]).map((fn) => replace(fn, key));
  }
  return mapped ?? attrs;
}
