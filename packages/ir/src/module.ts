import { isFunctionRef, isList } from "./attr-value.ts";
import type { Attrs, FunctionRef, Signature } from "./attrs.ts";
import type { DimSymbol } from "./dim.ts";
import { FormatError } from "./errors.ts";
import type { TensorType } from "./shape.ts";

/** The newest version of the IR, `[major, minor]`. */
export const IR_VERSION: readonly [number, number] = [1, 0];

/** A program as tables of rows: what is verified, written, read and executed. */
export interface Module {
  readonly version: readonly [major: number, minor: number];
  /** Versions of the op sets that the rows use, by namespace; ops without a namespace are `core`. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly symbols: readonly DimSymbol[];
  readonly functions: readonly FunctionDef[];
  /** Function names by entry name: `train_step`, `forward`. */
  readonly entries: ReadonlyMap<string, string>;
  readonly weights: readonly WeightRow[];
  readonly state: readonly StateRow[];
  readonly tables: SideTables;
}

/** Values are numbered: the inputs from 0, then the results of each op in order. */
export interface FunctionDef {
  readonly name: string;
  readonly inputs: readonly InputDef[];
  readonly ops: readonly OpRow[];
  readonly results: readonly number[];
}

export interface InputDef {
  readonly type: TensorType;
  /** The result that is written into this input's buffer. */
  readonly alias?: number;
}

export interface OpRow {
  readonly op: string;
  readonly version: number;
  readonly operands: readonly number[];
  /** Normalised. Functions are `FunctionName`s. */
  readonly attrs: Attrs;
  readonly types: readonly TensorType[];
  /** A composite that carries its own decomposition and derivative: names of functions. */
  readonly decomp?: FunctionName;
  readonly vjp?: FunctionName;
}

/** A tensor whose bytes are stored outside the graph. */
export interface WeightRow {
  readonly name: string;
  readonly type: TensorType;
  readonly entry: string;
  readonly input: number;
  /** SHA-256 of the bytes, 64 hexadecimal digits. */
  readonly sha256: string;
  /** Which of the file's blobs holds it; no path. */
  readonly blob: string;
}

/** A tensor that goes through an entry and comes out renewed: a parameter, a statistic, an optimizer slot. */
export interface StateRow {
  readonly name: string;
  readonly type: TensorType;
  readonly entry: string;
  readonly input: number;
  readonly output: number;
  /** `parameter`, `statistic`, `slot`, `key`: what the tensor is for, and which tensors are allocated together. */
  readonly role: string;
  /** The package that owns it. */
  readonly owner: string;
}

/** Notes for people, by function name and number; no part of a program's identity. */
export interface SideTables {
  /** Names of values. */
  readonly names: ReadonlyMap<string, ReadonlyMap<number, string>>;
  /** Layer paths of ops. */
  readonly scopes: ReadonlyMap<string, ReadonlyMap<number, string>>;
  /** Source places of ops. */
  readonly sources: ReadonlyMap<string, ReadonlyMap<number, string>>;
}

export const noTables: SideTables = { names: new Map(), scopes: new Map(), sources: new Map() };

/** A function of the module, by name. */
export interface FunctionName extends FunctionRef {
  readonly name: string;
}

/** A reference whose types are looked up when they are needed, so that functions may be listed in any order. */
export function functionName(name: string, signatures: ReadonlyMap<string, Signature>): FunctionName {
  return {
    name,
    get signature() {
      const found = signatures.get(name);
      if (found === undefined) throw new FormatError("E308", "module", `there is no function @${name}`);
      return found;
    },
  };
}

/** The types of a row's function. */
export function signatureOf(fn: FunctionDef): Signature {
  const types = valueTypes(fn);
  return { inputs: fn.inputs.map((i) => i.type), results: fn.results.map((v) => types[v]!) };
}

/** The type of each value, by number. */
export const valueTypes = (fn: FunctionDef): readonly TensorType[] => [
  ...fn.inputs.map((i) => i.type),
  ...fn.ops.flatMap((row) => row.types),
];

export const namespaceOf = (op: string): string => (op.includes(".") ? op.slice(0, op.lastIndexOf(".")) : "core");

/** The functions that a row runs. */
export function calledBy({ attrs, decomp, vjp }: OpRow): readonly string[] {
  const names = [decomp, vjp].flatMap((fn) => (fn === undefined ? [] : [fn.name]));
  for (const value of Object.values(attrs)) {
    for (const item of isList(value) ? value : [value])
      if (isFunctionRef(item)) names.push((item as FunctionName).name);
  }
  return names;
}
