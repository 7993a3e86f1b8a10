/** What every node of an index expression has. Nodes are interned: two equal expressions are one object. */
interface Interned {
  /** Rises with every node, so that a node has a larger one than its operands. */
  readonly id: number;
  /** Of the structure alone, so that the order of terms is the same in every run. */
  readonly hash: number;
}

/** What is known of every value. */
interface Ranged extends Interned {
  readonly low: number;
  readonly high: number;
  /** Every value is a multiple of this; 0 for the constant 0. */
  readonly multiple: number;
  /** `innermostOf` what a sum, a product or a dividend is made of. */
  readonly innermost: IndexVariable | undefined;
}

export interface IndexConstant extends Ranged {
  readonly kind: "constant";
  readonly value: number;
}

/** A loop axis, a thread id, or a size that is bound at the call. Its bounds, both inclusive, may be expressions. */
export interface IndexVariable extends Ranged {
  readonly kind: "variable";
  readonly name: string;
  readonly min: Index;
  readonly max: Index;
}

/** `coefficient · of`; `of` is neither a constant nor a sum. */
export interface IndexTerm {
  readonly coefficient: number;
  readonly of: Index;
}

/** `scale · (dividend mod divisor)`. */
export interface Remainder {
  readonly scale: Index;
  readonly dividend: Index;
  readonly divisor: Index;
}

/** A sum in which remainders stand for the quotients that they come from. */
export interface Parts {
  readonly constant: number;
  readonly terms: readonly IndexTerm[];
  readonly remainders: readonly Remainder[];
}

/** `constant + Σ coefficient · of`. */
export interface IndexSum extends Ranged {
  readonly kind: "sum";
  readonly terms: readonly IndexTerm[];
  readonly constant: number;
  readonly parts: Parts;
}

/** Two or more factors; a sum among them only where multiplying out would give too many terms. */
export interface IndexProduct extends Ranged {
  readonly kind: "product";
  readonly factors: readonly Index[];
}

/** `⌊a / b⌋`, b ≥ 1. */
export interface IndexQuotient extends Ranged {
  readonly kind: "floordiv";
  readonly a: Index;
  readonly b: Index;
}

export interface IndexChoice extends Ranged {
  readonly kind: "min" | "max";
  readonly operands: readonly Index[];
}

export interface IndexSelect extends Ranged {
  readonly kind: "select";
  readonly condition: Predicate;
  readonly a: Index;
  readonly b: Index;
}

/** An integer expression in canonical form. */
export type Index = IndexConstant | IndexVariable | IndexSum | IndexProduct | IndexQuotient | IndexChoice | IndexSelect;

export interface Always extends Interned {
  readonly kind: "always";
  readonly value: boolean;
}

/** `of ≥ 0`, `of = 0` or `of ≠ 0`. */
export interface Comparison extends Interned {
  readonly kind: "nonnegative" | "zero" | "nonzero";
  readonly of: Index;
}

export interface Junction extends Interned {
  readonly kind: "and" | "or";
  readonly operands: readonly Predicate[];
}

/** A condition on integers in canonical form. There is no `not`: every kind has its opposite. */
export type Predicate = Always | Comparison | Junction;

export type IndexNode = Index | Predicate;

/** The nodes that something uses. A weak reference costs more than a node, which is why there are scopes. */
const table = new Map<string, WeakRef<IndexNode>>();
const collected = new FinalizationRegistry<string>((key) => {
  if (table.get(key)?.deref() === undefined) table.delete(key);
});
let scope: IndexScope | undefined;

let made = 0;

/** The nodes that a compilation has made. */
export type IndexScope = Map<string, IndexNode>;

/**
 * Runs what makes many expressions, such as the compilation of a function, several times faster. Nodes that are made inside
 * live until it ends; used after that, they are no longer the same objects as equal ones that are made anew, unless it goes on
 * with the same nodes.
 */
export function withIndexScope<T>(run: () => T, nodes: IndexScope = new Map()): T {
  if (scope !== undefined) return run();
  scope = nodes;
  try {
    return run();
  } finally {
    scope = undefined;
  }
}

/** The parts of a node that make it what it is: numbers, names, and operands by identity. */
type Part = number | string | IndexNode;

/** The node of these parts, made if there is none. */
export function intern<T extends IndexNode>(
  kind: T["kind"],
  parts: readonly Part[],
  fields: () => Omit<T, "kind" | "id" | "hash" | "innermost"> & { readonly innermost?: IndexVariable | undefined },
): T {
  let key: string = kind;
  for (const part of parts) key += typeof part === "object" ? ` ${part.id}` : ` #${part}`;
  const known = scope?.get(key) ?? table.get(key)?.deref();
  if (known !== undefined) return known as T;
  const node = {
    kind,
    id: made++,
    hash: structuralHash(kind, parts),
    innermost: undefined,
    ...fields(),
  } as unknown as T;
  if (scope !== undefined) scope.set(key, node);
  else {
    table.set(key, new WeakRef<IndexNode>(node));
    collected.register(node, key);
  }
  return node;
}

/** FNV-1a over the kind, the names and numbers, and the operands' hashes. */
function structuralHash(kind: string, parts: readonly Part[]): number {
  let hash = 0x811c9dc5; // FNV's offset basis, and below its prime
  const mix = (value: number): void => {
    hash = Math.imul(hash ^ value, 0x01000193);
  };
  for (const part of [kind, ...parts]) {
    if (typeof part === "object") mix(part.hash);
    else for (const letter of String(part)) mix(letter.codePointAt(0)!);
  }
  return hash >>> 0;
}

const kinds = ["variable", "product", "floordiv", "min", "max", "select", "sum", "constant"];

/** The order of terms, factors and operands: by kind, variables by name, then by structure. */
export function compareNodes(a: IndexNode, b: IndexNode): number {
  if (a === b) return 0;
  if (a.kind !== b.kind) return kinds.indexOf(a.kind) - kinds.indexOf(b.kind) || (a.kind < b.kind ? -1 : 1);
  if (a.kind === "variable" && b.kind === "variable" && a.name !== b.name) return a.name < b.name ? -1 : 1;
  return a.hash - b.hash || a.id - b.id;
}

/** What a node is computed from. The bounds of a variable are facts about it and not operands. */
export function operandsOf(node: IndexNode): readonly IndexNode[] {
  switch (node.kind) {
    case "constant":
    case "variable":
    case "always":
      return [];
    case "sum":
      return node.terms.map((t) => t.of);
    case "product":
      return node.factors;
    case "floordiv":
      return [node.a, node.b];
    case "select":
      return [node.condition, node.a, node.b];
    case "nonnegative":
    case "zero":
    case "nonzero":
      return [node.of];
    default:
      return node.operands;
  }
}

/**
 * Of the variables with a bound that is an expression, in sums, products and dividends, the one that was made last: no
 * other one's bound can mention it.
 */
export function innermostOf(operands: readonly Index[]): IndexVariable | undefined {
  let last: IndexVariable | undefined;
  for (const x of operands) {
    const symbolic = x.kind === "variable" && (x.min.kind !== "constant" || x.max.kind !== "constant");
    const v = symbolic ? x : x.innermost;
    if (v !== undefined && (last === undefined || v.id > last.id)) last = v;
  }
  return last;
}
