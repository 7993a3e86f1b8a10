import { readTable, readText, type Table } from "./binary-table.ts";
import type { ByteReader } from "./bytes.ts";
import type { Limits } from "./limits.ts";
import type { FunctionDef, SideTables } from "./module.ts";

/** The side tables of a module with these functions. */
export function readTables(from: ByteReader, limits: Limits, functions: readonly FunctionDef[]): SideTables {
  const strings = readTable(from, "string", () => readText(from, limits));
  const table = (countOf: (fn: FunctionDef) => number): Map<string, Map<number, string>> => {
    const rows = new Map<string, Map<number, string>>();
    let last = -1;
    for (let n = from.count(); n > 0; n--) {
      const start = from.at;
      const number = from.varint();
      const fn = functions[number];
      if (fn === undefined)
        throw from.problem("E135", `there is no function ${number}, only ${functions.length}`, start);
      if (number <= last) throw from.problem("E136", `notes on function ${number} follow those on ${last}`, start);
      last = number;
      rows.set(fn.name, readNotes(from, strings, countOf(fn)));
    }
    return rows;
  };
  const values = (fn: FunctionDef): number => fn.ops.reduce((n, row) => n + row.types.length, fn.inputs.length);
  const rows = (fn: FunctionDef): number => fn.ops.length;
  const tables = { names: table(values), scopes: table(rows), sources: table(rows) };
  strings.finish(from);
  if (tables.names.size + tables.scopes.size + tables.sources.size === 0) {
    throw from.problem("E136", "empty side tables are not written");
  }
  return tables;
}

/** Notes on numbers below `count`, in rising order: each number less the one before it, which is −1 at first. */
function readNotes(from: ByteReader, strings: Table<string>, count: number): Map<number, string> {
  const notes = new Map<number, string>();
  let last = -1;
  const size = from.count(2);
  if (size === 0) throw from.problem("E136", "a function without notes is listed");
  while (notes.size < size) {
    const start = from.at;
    const step = from.varint();
    if (step === 0) throw from.problem("E136", `${last} has two notes`, start);
    last += step;
    if (last >= count) throw from.problem("E135", `a note is on ${last} of ${count}`, start);
    notes.set(last, strings.get(from));
  }
  return notes;
}
