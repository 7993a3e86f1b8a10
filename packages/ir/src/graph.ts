import type { Attrs, AttrValue, FunctionRef, Signature } from "./attrs.ts";
import { DimExpr, type DimSymbol, dimSymbols } from "./dim.ts";
import { ShapeError, StateError } from "./errors.ts";
import { Fn, trace } from "./function.ts";
import { input } from "./leaf.ts";
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
import { compositeOp } from "./ops/composite.ts";
import { splat } from "./promote.ts";
import type { OpRecord } from "./record.ts";
import { lookupOp } from "./registry.ts";
import { topologicalOrder } from "./rewrite.ts";
import { typeText } from "./shape.ts";
import { Node, type Tensor } from "./tensor.ts";
import { opsetVersion } from "./versions.ts";
import { isList, sameAttr } from "./written.ts";

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

class Builder {
  readonly functions: FunctionDef[] = [];
  readonly opsets = new Map<string, number>([["core", 1]]);
  readonly symbols = new Map<string, DimSymbol>();
  readonly names = new Map<string, Map<number, string>>();
  readonly scopes = new Map<string, Map<number, string>>();
  readonly sources = new Map<string, Map<number, string>>();
  readonly #done = new Map<FunctionRef, FunctionName>();
  readonly #signatures = new Map<string, Signature>();
  readonly #seen = new Set<readonly unknown[]>();
  readonly #foreign = new Map<
    string,
    readonly { readonly attrs: Attrs; readonly row: Pick<OpRow, "decomp" | "vjp"> }[]
  >();

  /** Adds a function and the functions it calls, those first. */
  add(fn: Fn, wanted: string): FunctionName {
    const before = this.#done.get(fn);
    if (before !== undefined) return before;
    const ops: OpRow[] = [];
    const numbers = new Map<Tensor, number>();
    const [names, scopes, sources] = [new Map<number, string>(), new Map<number, string>(), new Map<number, string>()];
    fn.inputs.forEach((t, i) => {
      numbers.set(t, i);
      this.#note(t.shape);
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
      for (const t of node.results) this.#note(t.shape);
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
    const { op, results: types } = node;
    if (op === compositeOp) {
      const { name, version, attrs, decomp, vjp } = node.attrs as unknown as {
        name: string;
        version: number;
        attrs: Attrs;
        decomp: Fn;
        vjp?: Fn;
      };
      this.#use(name, version);
      const short = name.replaceAll(/\W/g, "_");
      return {
        op: name,
        version,
        operands,
        attrs,
        types,
        decomp: this.add(decomp, short),
        ...(vjp !== undefined && { vjp: this.add(vjp, `${short}_vjp`) }),
      };
    }
    this.#use(op.name, op.version);
    const attrs = mapRegions(op, node.attrs, (fn, key) =>
      this.add(fn as Fn, (fn as Fn).name === "fn" ? key : (fn as Fn).name),
    );
    for (const value of Object.values(attrs)) this.#note(isList(value) ? value : [value]);
    const foreign = opsetVersion(namespaceOf(op.name)) === undefined && op.decompose !== undefined;
    return { op: op.name, version: op.version, operands, attrs, types, ...(foreign && this.#carried(op, node)) };
  }

  /** What a third party's op brings along, so that its reader need not know it: decomposition and derivative. */
  #carried(op: OpRecord, { inputs, outputs, attrs }: Node): Pick<OpRow, "decomp" | "vjp"> {
    const key = `${op.name} ${[...inputs, ...outputs].map(typeText).join()}`;
    const alike = this.#foreign.get(key) ?? [];
    const before = alike.find((one) => sameAttr(one.attrs, attrs));
    if (before !== undefined) return before.row;
    const short = op.name.replaceAll(/\W/g, "_");
    const decomp = this.add(trace((...args) => op.decompose!(args, attrs), inputs).fn, short);
    const vjp = this.#tracedVjp(op, inputs, outputs, attrs);
    const row = { decomp, ...(vjp !== undefined && { vjp: this.add(vjp, `${short}_vjp`) }) };
    this.#foreign.set(key, [...alike, { attrs, row }]);
    return row;
  }

  #tracedVjp(
    { vjp, attrs: schema }: OpRecord,
    inputs: readonly Tensor[],
    outputs: readonly Tensor[],
    attrs: Attrs,
  ): Fn | undefined {
    const regions = Object.values(schema).some(({ kind }) => kind === "function" || kind === "functions");
    if (vjp === undefined || regions) return undefined; // the transforms of regions are autograd's
    const [x, y] = [inputs.length, outputs.length];
    const backward = (...all: Tensor[]): Tensor[] => {
      const args = all.slice(0, x);
      const cotangents = vjp(args, all.slice(x, x + y), all.slice(x + y), attrs, undefined as never);
      return args.map((arg, i) => cotangents[i] ?? splat(0, arg.shape, arg.dtype));
    };
    return trace(backward, [...inputs, ...outputs, ...outputs]).fn;
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
  #note(dims: readonly unknown[]): void {
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

/** A function of a verified module as a graph again. */
export function toGraph(module: Module, name: string): Fn {
  const done = new Map<string, Fn>();
  const byName = new Map(module.functions.map((f) => [f.name, f]));
  const { names, scopes } = module.tables;
  const convert = (ref: string): Fn => {
    const before = done.get(ref);
    if (before !== undefined) return before;
    const def = byName.get(ref);
    if (def === undefined) throw new StateError("E308", "module", `there is no function @${ref}`);
    const region = (fn: FunctionRef): Fn => convert((fn as FunctionName).name);
    const inputs = def.inputs.map(({ type }, i) => input(type, names.get(ref)?.get(i)));
    const values: Tensor[] = [...inputs];
    def.ops.forEach((row, i) => {
      const args = row.operands.map((v) => values[v]!);
      const known = row.decomp === undefined ? lookupOp(row.op) : undefined;
      const [op, attrs]: [OpRecord, Attrs] =
        known !== undefined
          ? [known, mapRegions(known, row.attrs, region)]
          : [
              compositeOp,
              {
                name: row.op,
                version: row.version,
                attrs: row.attrs,
                decomp: region(row.decomp!),
                ...(row.vjp && { vjp: region(row.vjp) }),
              },
            ];
      const place = { scope: scopes.get(ref)?.get(i), source: undefined } as Node;
      values.push(...new Node(op, args, attrs, row.types, place).outputs);
    });
    const fn = new Fn(
      ref,
      inputs,
      def.results.map((v) => values[v]!),
      def.inputs.map((i) => i.alias),
    );
    done.set(ref, fn);
    return fn;
  };
  return convert(name);
}
