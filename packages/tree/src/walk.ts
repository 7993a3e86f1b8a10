import { StructureError } from "./errors.ts";
import { describe } from "./prose.ts";

type Container = Readonly<Record<string | number, unknown>>;

/** Lists and records on the way from the root to the current leaf, one per tree, with the copy being filled. */
interface Frame {
  readonly containers: readonly Container[];
  /** Names of the children; a list has none, its children go by number. */
  readonly keys: readonly string[] | null;
  readonly length: number;
  readonly copy: Record<string | number, unknown>;
  next: number;
}

/** The error where the trees differ: the two values, the number of the tree that differs from the first, and the place. */
export type Refuse = (first: unknown, other: unknown, index: number, path: string) => StructureError;

/** Called once per leaf, in order: the leaves that stand at the same place of each tree, and the name of that place. */
export type Visit = (leaves: readonly unknown[], path: () => string) => unknown;

/**
 * Visits the leaves of trees of one structure, depth first, and returns a tree of that structure with the visitor's values.
 *
 * Children of a record come in the key order of the first tree. The walk keeps its own stack, so that a tree may be
 * as deep as memory allows.
 */
export function walk(op: string, trees: readonly unknown[], visit: Visit, refuse: Refuse = differs(op)): unknown {
  const frames: Frame[] = [];
  const open = new Set<unknown>();
  const path = () => frames.map(({ keys, next }) => (keys === null ? next - 1 : keys[next - 1])).join(".");

  /** The value for one place: a visited leaf, or a copy whose children are still to come. */
  const enter = (values: readonly unknown[]): unknown => {
    const [first] = values;
    const kind = kindOf(first);
    const other = values.findIndex((value) => !sameKind(first, kind, value));
    if (other > 0) throw refuse(first, values[other], other, path());
    if (kind === "empty") return null;
    if (kind === "leaf") return visit(values, path);
    if (open.has(first)) throw cycle(op, path());
    open.add(first);
    const keys = kind === "record" ? Object.keys(first as object) : null;
    const length = keys?.length ?? (first as readonly unknown[]).length;
    const copy =
      kind === "list" ? new Array<unknown>(length) : Object.create(Object.getPrototypeOf(first) as object | null);
    frames.push({ containers: values as readonly Container[], keys, length, copy, next: 0 });
    return copy;
  };

  const result = enter(trees);
  for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
    if (frame.next === frame.length) {
      open.delete(frame.containers[0]);
      frames.pop();
      continue;
    }
    const key = frame.keys === null ? frame.next : frame.keys[frame.next]!;
    frame.next++;
    const value = enter(frame.containers.map((container) => container[key]));
    if (key === "__proto__")
      Object.defineProperty(frame.copy, key, { value, writable: true, enumerable: true, configurable: true });
    else frame.copy[key] = value;
  }
  return result;
}

/** Lists and plain records are inner places; a typed array, a Map, an instance of a class and every primitive but `null` is a leaf. */
export function kindOf(value: unknown): "list" | "record" | "empty" | "leaf" {
  if (value === null) return "empty";
  if (typeof value !== "object") return "leaf";
  if (Array.isArray(value)) return "list";
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null ? "record" : "leaf";
}

function sameKind(first: unknown, kind: string, other: unknown): boolean {
  if (first === other) return true;
  if (kindOf(other) !== kind) return false;
  if (kind === "list") return (first as readonly unknown[]).length === (other as readonly unknown[]).length;
  if (kind !== "record") return true;
  const keys = Object.keys(first as object);
  return (
    keys.length === Object.keys(other as object).length && keys.every((key) => Object.hasOwn(other as object, key))
  );
}

const differs =
  (op: string): Refuse =>
  (first, other, index, path) =>
    new StructureError(
      "E741",
      op,
      `the structure is ${describe(first)} in tree 0 but ${describe(other)} in tree ${index}`,
      {
        path,
        fix: "give every tree the same lists, keys and places of null; only leaves may differ",
      },
    );

function cycle(op: string, path: string): StructureError {
  return new StructureError("E743", op, "a list or record contains itself", {
    path,
    fix: "break the cycle, or keep the shared part in an instance of a class, which is a leaf",
  });
}
