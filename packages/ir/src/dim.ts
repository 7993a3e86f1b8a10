import { dimFloorDiv, dimMod, isWhole } from "./dim-division.ts";
import { dimRange } from "./dim-range.ts";
import { FormatError, ShapeError, StateError } from "./errors.ts";

export { dimFloorDiv, dimMod } from "./dim-division.ts";
export { dimAtMost, dimRange } from "./dim-range.ts";

/** A size: an integer, or an expression over named symbols. */
export type Dim = number | DimExpr;

/** Largest element count and symbol value of a module. */
export const MAX_ELEMENTS = 2 ** 31 - 1;
/** Largest number of nodes in one expression. */
export const MAX_DIM_NODES = 64;

/** A named size, bound when a compiled function is called. */
export interface DimSymbol {
  readonly kind: "symbol";
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Every value is a multiple of this. */
  readonly multiple: number;
  readonly key: string;
}

export type DimFunction = "floordiv" | "max" | "min";

/** A function of two expressions that no polynomial expresses. */
export interface DimCall {
  readonly kind: DimFunction;
  readonly a: Dim;
  readonly b: Dim;
  readonly key: string;
}

export type DimAtom = DimSymbol | DimCall;

/** `coefficient · product of factors`, factors sorted by key. */
export interface DimTerm {
  readonly coefficient: number;
  readonly factors: readonly DimAtom[];
  readonly key: string;
}

/**
 * A symbolic size in canonical polynomial form: sums of products of symbols and of floordiv, max and min; `a mod b` is
 * `a − b·⌊a/b⌋`. Two equal polynomials have the same `key`. JavaScript's operators cannot compute with it: use its methods.
 */
export class DimExpr {
  readonly terms: readonly DimTerm[];
  readonly key: string;
  readonly nodes: number;

  constructor(terms: readonly DimTerm[]) {
    this.terms = terms;
    this.key = terms.map(termText).join("+").replaceAll("+-", "-");
    this.nodes = terms.reduce((n, t) => n + 1 + t.factors.reduce((m, f) => m + atomNodes(f), 0), 0);
    if (this.nodes > MAX_DIM_NODES) {
      throw new ShapeError("E211", "dim", `the expression has ${this.nodes} nodes, more than ${MAX_DIM_NODES}`, {
        operands: { expression: this.key.length > 200 ? `${this.key.slice(0, 200)}…` : this.key },
        fix: "name the size by a symbol of its own",
      });
    }
  }

  add(other: Dim): Dim {
    return dimAdd(this, other);
  }
  sub(other: Dim): Dim {
    return dimSub(this, other);
  }
  mul(other: Dim): Dim {
    return dimMul(this, other);
  }
  floorDiv(other: Dim): Dim {
    return dimFloorDiv(this, other);
  }
  mod(other: Dim): Dim {
    return dimMod(this, other);
  }
  max(other: Dim): Dim {
    return dimMax(this, other);
  }
  min(other: Dim): Dim {
    return dimMin(this, other);
  }
  toString(): string {
    return this.key;
  }
  toJSON(): string {
    return this.key;
  }

  [Symbol.toPrimitive](hint: string): string {
    if (hint === "string") return this.key;
    throw new StateError(
      "E402",
      "dim",
      `the size ${this.key} is symbolic and cannot be computed with JavaScript's operators`,
      {
        fix: "use add, sub, mul, floorDiv, mod, max or min, as in x.shape[0].mul(2), or dimAdd and its siblings where it may be a number",
      },
    );
  }
}

/** A size that is bound at each call. Its range and divisor are facts that shape rules may use. */
export function dimSymbol(name: string, { min = 1, max = MAX_ELEMENTS, multiple = 1 } = {}): DimExpr {
  if (!/^[A-Za-z][A-Za-z0-9_]{0,63}$/.test(name) || FUNCTIONS.has(name)) {
    throw new FormatError("E101", "dim", `${JSON.stringify(name.slice(0, 80))} cannot name a size`, {
      fix: "use letters, digits and _, beginning with a letter",
    });
  }
  const whole = [min, max, multiple].every(Number.isSafeInteger);
  if (!whole || min < 0 || max < min || multiple < 1 || max > MAX_ELEMENTS) {
    throw new ShapeError("E212", "dim", `${name} in ${min}..${max} mult ${multiple} is no range of sizes`, {
      fix: `use integers with 0 <= min <= max <= ${MAX_ELEMENTS} and a multiple of at least 1`,
    });
  }
  return fromAtom({ kind: "symbol", name, min, max, multiple, key: name });
}

const FUNCTIONS = new Set(["floordiv", "mod", "max", "min"]);

function atomNodes(atom: DimAtom): number {
  return atom.kind === "symbol" ? 1 : 1 + dimNodes(atom.a) + dimNodes(atom.b);
}
const dimNodes = (d: Dim): number => (typeof d === "number" ? 1 : d.nodes);

function termText({ coefficient, factors }: DimTerm): string {
  if (factors.length === 0) return String(coefficient);
  const product = factors.map((f) => f.key).join("*");
  return coefficient === 1 ? product : coefficient === -1 ? `-${product}` : `${coefficient}*${product}`;
}

const fromAtom = (atom: DimAtom): DimExpr => new DimExpr([{ coefficient: 1, factors: [atom], key: atom.key }]);

export const termsOf = (d: Dim): readonly DimTerm[] =>
  typeof d === "number" ? (d === 0 ? [] : [{ coefficient: d, factors: [], key: "" }]) : d.terms;

function safe(n: number): number {
  if (Number.isSafeInteger(n)) return n + 0; // -0 becomes 0
  throw new ShapeError("E213", "dim", `${n} is no exact integer`, { fix: "keep sizes under 2^53" });
}

/** Sorts by degree, then by name, and turns a constant polynomial into a number. */
function normal(terms: Map<string, DimTerm>): Dim {
  const list = [...terms.values()].filter((t) => t.coefficient !== 0);
  if (list.length === 0) return 0;
  if (list.length === 1 && list[0]!.factors.length === 0) return list[0]!.coefficient;
  for (const term of list) {
    const whole = term.factors.find((f) => isWhole(f, term.coefficient));
    if (whole !== undefined) return withoutQuotient(list, term, whole as DimCall);
  }
  list.sort((s, t) => t.factors.length - s.factors.length || (s.key < t.key ? -1 : 1));
  return new DimExpr(list);
}

/** Writes `n·b·⌊a/b⌋` as `n·a`, where b is known to divide a. */
function withoutQuotient(list: readonly DimTerm[], term: DimTerm, { a, b, key }: DimCall): Dim {
  const others = term.factors.toSpliced(
    term.factors.findIndex((f) => f.key === key),
    1,
  );
  const rest = list.filter((t) => t !== term);
  const product = dimMul(productOf(term.coefficient / (b as number), others), a);
  return dimAdd(normal(new Map(rest.map((t) => [t.key, t]))), product);
}

/** `coefficient · factors`. */
export function productOf(coefficient: number, factors: readonly DimAtom[]): Dim {
  return factors.length === 0 ? coefficient : new DimExpr([{ coefficient, factors, key: keyOf(factors) }]);
}

const keyOf = (factors: readonly DimAtom[]): string => factors.map((f) => f.key).join("*");

function accumulate(sum: Map<string, DimTerm>, term: DimTerm): void {
  const before = sum.get(term.key);
  sum.set(
    term.key,
    before === undefined ? term : { ...term, coefficient: safe(before.coefficient + term.coefficient) },
  );
}

export function dimAdd(a: Dim, b: Dim): Dim {
  if (typeof a === "number" && typeof b === "number") return safe(a + b);
  const sum = new Map<string, DimTerm>();
  for (const term of termsOf(a)) accumulate(sum, term);
  for (const term of termsOf(b)) accumulate(sum, term);
  return normal(sum);
}

export const dimSub = (a: Dim, b: Dim): Dim => dimAdd(a, dimMul(b, -1));

export function dimMul(a: Dim, b: Dim): Dim {
  if (typeof a === "number" && typeof b === "number") return safe(a * b);
  const sum = new Map<string, DimTerm>();
  for (const s of termsOf(a)) {
    for (const t of termsOf(b)) {
      const factors = [...s.factors, ...t.factors].sort((x, y) => (x.key < y.key ? -1 : 1));
      accumulate(sum, { coefficient: safe(s.coefficient * t.coefficient), factors, key: keyOf(factors) });
    }
  }
  return normal(sum);
}

export function dimMax(a: Dim, b: Dim): Dim {
  if (typeof a === "number" && typeof b === "number") return Math.max(a, b);
  const [low, high] = dimRange(dimSub(a, b));
  return low >= 0 ? a : high <= 0 ? b : dimCall("max", ...sorted(a, b));
}

export function dimMin(a: Dim, b: Dim): Dim {
  if (typeof a === "number" && typeof b === "number") return Math.min(a, b);
  const [low, high] = dimRange(dimSub(a, b));
  return high <= 0 ? a : low >= 0 ? b : dimCall("min", ...sorted(a, b));
}

const sorted = (a: Dim, b: Dim): [Dim, Dim] => (String(a) <= String(b) ? [a, b] : [b, a]);

export const dimCall = (kind: DimFunction, a: Dim, b: Dim): DimExpr =>
  fromAtom({ kind, a, b, key: `${kind}(${a},${b})` });

/** Equal for every value of the symbols. */
export const sameDim = (a: Dim, b: Dim): boolean =>
  a === b || (typeof a === "object" && typeof b === "object" && a.key === b.key);

/** The symbols that an expression mentions. */
export function dimSymbols(d: Dim, into: Map<string, DimSymbol> = new Map()): Map<string, DimSymbol> {
  if (typeof d === "number") return into;
  for (const { factors } of d.terms) {
    for (const factor of factors) {
      if (factor.kind === "symbol") into.set(factor.name, factor);
      else dimSymbols(factor.b, dimSymbols(factor.a, into));
    }
  }
  return into;
}

/** The expression with other expressions in place of its symbols; a symbol that is not listed stays. */
export function dimSubstitute(d: Dim, values: ReadonlyMap<string, Dim>): Dim {
  if (typeof d === "number") return d;
  let sum: Dim = 0;
  for (const { coefficient, factors } of d.terms) {
    let term: Dim = coefficient;
    for (const f of factors)
      term = dimMul(term, f.kind === "symbol" ? (values.get(f.name) ?? fromAtom(f)) : dimApply(f, values));
    sum = dimAdd(sum, term);
  }
  return sum;
}

function dimApply(f: DimCall, values: ReadonlyMap<string, Dim>): Dim {
  const operation = { floordiv: dimFloorDiv, max: dimMax, min: dimMin }[f.kind];
  return operation(dimSubstitute(f.a, values), dimSubstitute(f.b, values));
}

/** The integer that the expression has under `bindings`. */
export function dimValue(d: Dim, bindings: ReadonlyMap<string, number>): number {
  if (typeof d === "number") return d;
  const value = dimSubstitute(d, bindings);
  if (typeof value === "number") return value;
  const [name] = dimSymbols(value).keys();
  throw new ShapeError("E214", "dim", `${name} has no value in ${d}`, { fix: `bind ${name} by an input's shape` });
}
