import type { Table } from "./binary-table.ts";
import type { ByteReader } from "./bytes.ts";
import { type Dim, DimExpr, type DimSymbol, dimSymbol, dimSymbols } from "./dim.ts";
import { parseDim } from "./dim-text.ts";
import { dtypeOfCode } from "./dtype.ts";
import { TenonError } from "./errors.ts";
import { checkLimit, type Limits } from "./limits.ts";
import { checkShape, type TensorType } from "./shape.ts";

/** Reads symbols, sizes and types. */
export class TypeReader {
  private readonly from: ByteReader;
  private readonly limits: Limits;
  private readonly symbols = new Map<string, Dim>();

  constructor(from: ByteReader, limits: Limits) {
    this.from = from;
    this.limits = limits;
  }

  symbol(strings: Table<string>): DimSymbol {
    const { from } = this;
    const start = from.at;
    const name = strings.get(from);
    const [min, max, multiple] = [from.varint(), from.varint(), from.varint()];
    const size = this.sized(start, () => dimSymbol(name, { min, max, multiple }));
    this.symbols.set(name, size);
    return dimSymbols(size).get(name)!;
  }

  /** An expression, whose text must be the one that it is printed as. */
  size(strings: Table<string>): DimExpr {
    const { from } = this;
    const start = from.at;
    const text = strings.get(from);
    const symbol = (name: string): Dim => {
      const found = this.symbols.get(name);
      if (found === undefined) throw from.problem("E135", `there is no size ${name}`, start);
      return found;
    };
    const size = this.sized(start, () => parseDim(text, symbol));
    if (size instanceof DimExpr && size.key === text) return size;
    throw from.problem("E136", `the size ${JSON.stringify(text.slice(0, 80))} is not in normal form`, start);
  }

  type(sizes: Table<DimExpr>): TensorType {
    const { from } = this;
    const start = from.at;
    const code = from.varint();
    const dtype = dtypeOfCode(code);
    if (dtype === undefined) throw from.problem("E135", `there is no dtype ${code}`, start);
    const rank = from.count();
    checkLimit("binary", this.limits, "rank", rank, () => `byte ${start}`);
    const shape: Dim[] = [];
    while (shape.length < rank) {
      const size = from.varint();
      shape.push(size === 0 ? sizes.get(from) : size - 1);
    }
    return { dtype, shape: this.sized(start, () => checkShape("shape", shape)) };
  }

  /** The rules of sizes, with their errors as errors of this form. */
  private sized<T>(at: number, body: () => T): T {
    try {
      return body();
    } catch (error) {
      if (!(error instanceof TenonError) || error.op === "binary") throw error;
      throw this.from.problem("E134", error.problem, at, error.details.fix);
    }
  }
}
