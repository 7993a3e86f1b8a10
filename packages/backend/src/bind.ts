import {
  type ConcreteType,
  type Dim,
  DimExpr,
  type DimSymbol,
  didYouMean,
  dimSubstitute,
  dimValue,
  MAX_ELEMENTS,
  ShapeError,
  shapeText,
  type TensorType,
} from "@tenon/ir";
import type { EntrySignature } from "./contract.ts";

/** The values of symbols, by name. */
export type Bindings = ReadonlyMap<string, number>;

/**
 * The values of an entry's symbols, from the shapes of its arguments.
 *
 * A symbol that is a size by itself is read off; one in an expression such as `2*B+1` is solved for; then every
 * expression, range and multiple is checked.
 */
export function bindDims(signature: EntrySignature, shapes: readonly (readonly number[])[]): Bindings {
  checkRanks(signature, shapes);
  const bound = new Map<string, number>();
  const origin = new Map<string, string>();
  for (let before = -1; before < bound.size; ) {
    before = bound.size;
    eachDim(signature, shapes, (d, size, place) => {
      if (typeof d === "number") return;
      const solved = solve(d, size, bound);
      if (solved === undefined || bound.has(solved.name)) return;
      if (!Number.isSafeInteger(solved.value)) {
        throw new ShapeError("E521", signature.entry, `${place} is ${size}, which is no value of ${d}`);
      }
      bound.set(solved.name, solved.value);
      origin.set(solved.name, place);
    });
  }
  eachDim(signature, shapes, (d, size, place) => checkDim(signature.entry, d, size, place, bound, origin));
  return checkBindings(signature, bound, origin);
}

/** Bindings given by name, checked: every symbol has a value in its range, and nothing else has one. */
export function bindingsOf(signature: EntrySignature, dims: Readonly<Record<string, number>> = {}): Bindings {
  const known = signature.symbols.map((s) => s.name);
  for (const name of Object.keys(dims)) {
    if (known.includes(name)) continue;
    const guess = didYouMean(name, known);
    throw new ShapeError("E523", signature.entry, `there is no size ${name} to bind`, {
      fix:
        guess !== ""
          ? guess
          : known.length === 0
            ? "every size is fixed; bind none"
            : `the sizes are ${known.join(", ")}`,
    });
  }
  return checkBindings(signature, new Map(Object.entries(dims)), new Map());
}

/** The type with every size known. */
export function concreteType(type: TensorType, bindings: Bindings): ConcreteType {
  const { dtype, shape } = type;
  return {
    dtype,
    shape: shape.every((d) => typeof d === "number")
      ? (shape as readonly number[])
      : shape.map((d) => dimValue(d, bindings)),
  };
}

function checkRanks({ entry, inputs }: EntrySignature, shapes: readonly (readonly number[])[]): void {
  if (shapes.length !== inputs.length) {
    throw new ShapeError("E524", entry, `${shapes.length} arguments given, ${inputs.length} wanted`, {
      operands: Object.fromEntries(inputs.map(({ name, type }) => [name, type])),
    });
  }
  inputs.forEach(({ name, type }, i) => {
    if (shapes[i]!.length === type.shape.length) return;
    throw new ShapeError("E524", entry, `${name} has rank ${shapes[i]!.length}, not ${type.shape.length}`, {
      operands: { wanted: shapeText(type.shape), given: shapeText(shapes[i]!) },
    });
  });
}

function eachDim(
  { inputs }: EntrySignature,
  shapes: readonly (readonly number[])[],
  visit: (d: Dim, size: number, place: string) => void,
): void {
  inputs.forEach(({ name, type }, i) => {
    type.shape.forEach((d, axis) => {
      visit(d, shapes[i]![axis]!, `axis ${axis} of ${name}`);
    });
  });
}

/** The symbol that `d = size` determines: `d` is `k·symbol + c` once the bound ones are filled in. */
function solve(d: DimExpr, size: number, bound: Bindings): { name: string; value: number } | undefined {
  const rest = dimSubstitute(d, bound);
  if (!(rest instanceof DimExpr)) return undefined;
  const [term, ...more] = rest.terms;
  const [factor, ...factors] = term!.factors;
  if (factor?.kind !== "symbol" || factors.length > 0 || more.some((t) => t.factors.length > 0)) return undefined;
  return { name: factor.name, value: (size - (more[0]?.coefficient ?? 0)) / term!.coefficient };
}

function checkDim(
  entry: string,
  d: Dim,
  size: number,
  place: string,
  bound: Bindings,
  origin: ReadonlyMap<string, string>,
): void {
  const wanted = dimSubstitute(d, bound);
  if (wanted === size) return;
  if (typeof d === "number") throw new ShapeError("E521", entry, `${place} is ${size}, not ${d}`);
  if (typeof wanted !== "number") return; // reported as a symbol without a value
  const [name] = bound.has(d.key) ? [d.key] : [undefined];
  const problem =
    name !== undefined
      ? `${name} is ${wanted} in ${origin.get(name)} but ${size} in ${place}`
      : `${place} is ${size}, but ${d} is ${wanted}`;
  const values = [...origin].filter(([symbol]) => d.key.match(/\w+/g)!.includes(symbol));
  throw new ShapeError(
    "E521",
    entry,
    problem,
    name !== undefined
      ? {}
      : { operands: Object.fromEntries(values.map(([s, from]) => [s, `${bound.get(s)}, from ${from}`])) },
  );
}

function checkBindings(
  { entry, inputs, results, symbols }: EntrySignature,
  bound: Bindings,
  origin: ReadonlyMap<string, string>,
): Bindings {
  for (const symbol of symbols) checkSymbol(entry, symbol, bound.get(symbol.name), origin.get(symbol.name));
  for (const { name, type } of [...inputs, ...results]) {
    const elements = concreteType(type, bound).shape.reduce((n, size) => n * size, 1);
    if (elements > MAX_ELEMENTS) {
      throw new ShapeError("E525", entry, `${name} would have ${elements} elements, more than ${MAX_ELEMENTS}`, {
        operands: { [name]: type, ...Object.fromEntries(bound) },
      });
    }
  }
  return bound;
}

function checkSymbol(
  entry: string,
  { name, min, max, multiple }: DimSymbol,
  value: number | undefined,
  from: string | undefined,
): void {
  const shown = from === undefined ? String(value) : `${value} (${from})`;
  if (value === undefined)
    throw new ShapeError("E522", entry, `the size ${name} has no value`, {
      fix: `bind ${name}, for example by an argument with an axis of that size`,
    });
  if (!Number.isSafeInteger(value) || value < min || value > max)
    throw new ShapeError("E522", entry, `${name} is ${shown}, outside ${min}..${max}`);
  if (value % multiple !== 0)
    throw new ShapeError("E522", entry, `${name} is ${shown}, which is no multiple of ${multiple}`);
}
