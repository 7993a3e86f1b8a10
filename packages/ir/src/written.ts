import type { AttrKind, AttrSchema, Attrs, AttrValue, FunctionRef } from "./attrs.ts";
import { DimExpr, sameDim } from "./dim.ts";
import type { FunctionName, OpRow } from "./module.ts";
import { lookupOp } from "./registry.ts";
import type { TensorType } from "./shape.ts";

/**
 * The schema by which a row's attributes are written, or undefined: then they describe themselves. A row that carries
 * its decomposition never has one, since its reader need not know the op.
 */
export function schemaOf({ op, version, decomp }: Pick<OpRow, "op" | "version" | "decomp">): AttrSchema | undefined {
  if (decomp !== undefined) return undefined;
  const record = lookupOp(op);
  return record?.version === version ? record.attrs : undefined;
}

/** Whether an attribute stands in the result's type already. */
export const isDerived = ({ kind }: AttrKind): boolean =>
  kind === "result-shape" || kind === "result-dtype" || kind === "types";

/** The attributes that an encoding writes, with their kinds: those of the schema in its order, else all, sorted. */
export function writtenAttrs(row: OpRow): readonly (readonly [name: string, value: AttrValue, kind?: AttrKind])[] {
  const schema = schemaOf(row) ?? {};
  const names = Object.keys(row.attrs).filter((name) => row.attrs[name] !== undefined);
  const known = Object.keys(schema).filter((name) => names.includes(name) && !isDerived(schema[name]!));
  const open = names.filter((name) => !Object.hasOwn(schema, name)).sort();
  return [
    ...known.map((name) => [name, row.attrs[name], schema[name]!] as const),
    ...open.map((name) => [name, row.attrs[name]] as const),
  ];
}

/** A row's attributes from those that were written, with the ones that its result types state. */
export function readAttrs(
  row: Pick<OpRow, "op" | "version" | "decomp" | "types">,
  given: ReadonlyMap<string, AttrValue>,
): Attrs {
  const attrs: Record<string, AttrValue> = Object.create(null);
  for (const [name, kind] of Object.entries(schemaOf(row) ?? {})) {
    const value = isDerived(kind) ? derived(kind, row.types) : given.get(name);
    if (value !== undefined) attrs[name] = value;
  }
  for (const [name, value] of given) attrs[name] ??= value;
  return attrs;
}

function derived({ kind }: AttrKind, types: readonly TensorType[]): AttrValue {
  if (kind === "types") return types;
  return kind === "result-shape" ? types[0]?.shape : types[0]?.dtype;
}

/** What an attribute is when it is not given. */
export function defaultOf({ fallback }: AttrKind, args: readonly TensorType[]): AttrValue {
  if (typeof fallback !== "function") return fallback as AttrValue;
  return args[0] === undefined
    ? undefined
    : ((fallback as (args: readonly TensorType[]) => unknown)(args) as AttrValue);
}

/** Names that would reach an object's prototype in programs less careful than this one. */
export const forbiddenNames: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

const sameName = (a: FunctionRef, b: FunctionRef): boolean => (a as FunctionName).name === (b as FunctionName).name;

/** Equal attributes: numbers by their bits, sizes by their normal form, functions by their names or as `sameFunction` says. */
export function sameAttr(a: AttrValue, b: AttrValue, sameFunction = sameName): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object") return false;
  if (a instanceof DimExpr) return b instanceof DimExpr && sameDim(a, b);
  if (a instanceof Uint8Array) return b instanceof Uint8Array && a.length === b.length && a.every((x, i) => x === b[i]);
  if (isList(a)) return isList(b) && a.length === b.length && a.every((x, i) => sameAttr(x, b[i], sameFunction));
  if (isFunctionRef(a)) return isFunctionRef(b) && sameFunction(a, b);
  if (b instanceof DimExpr || b instanceof Uint8Array || isList(b) || isFunctionRef(b)) return false;
  const [x, y] = [a as Attrs, b as Attrs];
  const names = Object.keys(x);
  return (
    names.length === Object.keys(y).length &&
    names.every((name) => Object.hasOwn(y, name) && sameAttr(x[name], y[name], sameFunction))
  );
}

export const isList = (value: AttrValue): value is readonly AttrValue[] => Array.isArray(value);

export const isFunctionRef = (value: AttrValue): value is FunctionRef =>
  typeof value === "object" && !Array.isArray(value) && "signature" in value;
