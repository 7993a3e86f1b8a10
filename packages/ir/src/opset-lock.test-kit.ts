import type { AttrKind, AttrValue } from "./attrs.ts";
import { type Json, valueJson } from "./json-write.ts";
import { IR_VERSION, namespaceOf } from "./module.ts";
import type { OpRecord } from "./record.ts";
import { allOps } from "./registry.ts";
import { registerStandardOps } from "./standard-ops.ts";
import { opsetVersion, standardOpsets } from "./versions.ts";

/** What may not change about an op under its version. */
export interface LockedOp {
  readonly kind: string;
  readonly numeric: string;
  readonly inputs: readonly string[];
  readonly results: readonly string[];
  readonly attrs: Readonly<Record<string, Json>>;
}

/** `opset.lock.json`: every version of every op of this package that was ever released, and those that will be next. */
export interface OpsetLock {
  readonly ir: string;
  readonly opsets: Readonly<Record<string, number>>;
  /** By `name@version`. Immutable, kept for ever. */
  readonly released: Readonly<Record<string, LockedOp>>;
  /** Free to change. */
  readonly unreleased: Readonly<Record<string, LockedOp>>;
}

/** The ops of this package as they are now, by `name@version`. */
export function currentOps(): Readonly<Record<string, LockedOp>> {
  registerStandardOps();
  const own = allOps().filter(({ name, kind }) => kind !== "leaf" && opsetVersion(namespaceOf(name)) !== undefined);
  return Object.fromEntries(own.map((op) => [`${op.name}@${op.version}`, lockedOp(op)]));
}

function lockedOp({ kind, numeric, inputs, results, attrs }: OpRecord): LockedOp {
  const settings = Object.entries(attrs).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    kind,
    numeric,
    inputs,
    results,
    attrs: Object.fromEntries(settings.map(([name, attr]) => [name, lockedAttr(attr)])),
  };
}

function lockedAttr(attr: AttrKind): Json {
  const { kind, words, fallback, optional } = attr;
  const byOperands = typeof fallback === "function";
  return {
    kind,
    ...(words !== undefined && { words }),
    ...(fallback !== undefined && { default: byOperands ? "by operands" : valueJson(fallback as AttrValue, attr) }),
    ...(optional === true && { optional }),
  };
}

const sameJson = (a: unknown, b: unknown): boolean => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));

function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([k, v]) => [k, sorted(v)]),
  );
}

/** Broken promises: released ops that are not what they were, or gone. */
export function brokenPromises(lock: OpsetLock, now: Readonly<Record<string, LockedOp>>): string[] {
  const newest = new Map(Object.keys(now).map((key) => [nameOf(key), versionOf(key)]));
  return Object.entries(lock.released).flatMap(([key, op]) => {
    const current = now[key];
    if (current === undefined) {
      return (newest.get(nameOf(key)) ?? 0) > versionOf(key)
        ? []
        : [`${key} was released and is gone: every reader must know it`];
    }
    const changed = (Object.keys(op) as (keyof LockedOp)[]).filter((part) => !sameJson(op[part], current[part]));
    return changed.length === 0
      ? []
      : [`${key} was released with other ${changed.join(", ")}: give the changed op version ${versionOf(key) + 1}`];
  });
}

/** Whether the lock says what the ops are now. */
export const isUpToDate = (lock: OpsetLock, now: Readonly<Record<string, LockedOp>>): boolean =>
  sameJson(lock, updated(lock, now));

/** The lock for the ops as they are now; at a release they all become immutable. */
export function updated(lock: OpsetLock, now: Readonly<Record<string, LockedOp>>, release = false): OpsetLock {
  const fresh = Object.fromEntries(Object.entries(now).filter(([key]) => !Object.hasOwn(lock.released, key)));
  return {
    ir: IR_VERSION.join("."),
    opsets: Object.fromEntries(standardOpsets.map((name) => [name, opsetVersion(name)!])),
    released: release ? { ...lock.released, ...fresh } : lock.released,
    unreleased: release ? {} : fresh,
  };
}

export const emptyLock: OpsetLock = { ir: "0.0", opsets: {}, released: {}, unreleased: {} };

const nameOf = (key: string): string => key.slice(0, key.lastIndexOf("@"));
const versionOf = (key: string): number => Number(key.slice(key.lastIndexOf("@") + 1));
