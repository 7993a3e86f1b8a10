import { type Dim, DimExpr, type DimSymbol, dimSymbols } from "./dim.ts";
import { checkDType } from "./dtype.ts";
import { checkLimit, type Limits } from "./limits.ts";
import type { Module } from "./module.ts";
import { checkShape, type Shape, type TensorType } from "./shape.ts";
import type { Fault, Faults } from "./verify-fault.ts";

const rangeText = ({ min, max, multiple }: DimSymbol): string =>
  `${min}..${max}${multiple === 1 ? "" : ` mult ${multiple}`}`;

/** The declared sizes, by name. */
export function checkSymbols(module: Module, faults: Faults): ReadonlyMap<string, DimSymbol> {
  const symbols = new Map<string, DimSymbol>();
  for (const symbol of module.symbols) {
    if (symbols.has(symbol.name)) faults.add("E316", "module", `the size ${symbol.name} is declared twice`);
    symbols.set(symbol.name, symbol);
  }
  return symbols;
}

const NONE: ReadonlySet<string> = new Set();

/** Checks types and sizes, each shape once. */
export class Types {
  private readonly symbols: ReadonlyMap<string, DimSymbol>;
  private readonly limits: Limits;
  private readonly faults: Faults;
  private readonly shapes = new Map<Shape, ReadonlySet<string>>();

  constructor(symbols: ReadonlyMap<string, DimSymbol>, limits: Limits, faults: Faults) {
    this.symbols = symbols;
    this.limits = limits;
    this.faults = faults;
  }

  /** The names of the sizes that a type mentions. */
  check(type: TensorType, op: string, place: Partial<Fault>): ReadonlySet<string> {
    const before = this.shapes.get(type.shape);
    try {
      checkDType(op, type.dtype);
      if (before !== undefined) return before;
      checkShape(op, type.shape);
      checkLimit(op, this.limits, "rank", type.shape.length);
      checkLimit(op, this.limits, "elements", leastSize(type.shape));
    } catch (error) {
      this.faults.addError(error, op, place);
      return NONE;
    }
    const names = this.sizes(type.shape, op, place);
    this.shapes.set(type.shape, names);
    return names;
  }

  /** The names of the sizes in a list of sizes. */
  sizes(sizes: readonly Dim[], op: string, place: Partial<Fault>): ReadonlySet<string> {
    if (!sizes.some((d) => d instanceof DimExpr)) return NONE;
    const used = new Map<string, DimSymbol>();
    for (const d of sizes) {
      if (typeof d === "number") continue;
      try {
        checkLimit(op, this.limits, "dimNodes", d.nodes);
      } catch (error) {
        this.faults.addError(error, op, place);
      }
      dimSymbols(d, used);
    }
    for (const symbol of used.values()) this.declared(symbol, op, place);
    return new Set(used.keys());
  }

  private declared(symbol: DimSymbol, op: string, place: Partial<Fault>): void {
    const { name } = symbol;
    const declared = this.symbols.get(name);
    if (declared === undefined)
      this.faults.add("E316", op, `the size ${name} is not declared`, {
        ...place,
        hint: "list it among the module's symbols",
      });
    else if (rangeText(declared) !== rangeText(symbol)) {
      this.faults.add("E316", op, `the size ${name} has the range that is declared for it`, {
        ...place,
        expected: rangeText(declared),
        got: rangeText(symbol),
      });
    }
  }
}

/** The number of elements if every symbolic size were at least 1. */
const leastSize = (shape: Shape): number => shape.reduce<number>((n, d) => (typeof d === "number" ? n * d : n), 1);
