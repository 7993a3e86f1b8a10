import type { AttrKind, AttrSchema, Attrs, AttrValue } from "./attrs.ts";
import type { OpRow } from "./module.ts";
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
