import {
  BackendError,
  type DimSymbol,
  didYouMean,
  dimSymbols,
  type FunctionDef,
  type Module,
  type TensorType,
  valueTypes,
} from "@tenon/ir";
import type { EntrySignature } from "./contract.ts";

/** The function of an entry point. */
export function entryFunction(module: Module, entry: string): FunctionDef {
  const name = module.entries.get(entry);
  const found = module.functions.find((f) => f.name === name);
  if (found !== undefined) return found;
  const guess = didYouMean(entry, module.entries.keys());
  throw new BackendError("E506", "compile", `the module has no entry ${JSON.stringify(entry)}`, {
    operands: { entries: [...module.entries.keys()].join(", ") || "none" },
    ...(guess !== "" && { fix: guess }),
  });
}

/** What a caller must know of an entry. Values without a name are called `input 0` and `result 0`. */
export function entrySignature(module: Module, entry: string): EntrySignature {
  const fn = entryFunction(module, entry);
  const names = module.tables.names.get(fn.name);
  const types = valueTypes(fn);
  return {
    entry,
    inputs: fn.inputs.map(({ type, alias }, i) => ({
      name: names?.get(i) ?? `input ${i}`,
      type,
      ...(alias !== undefined && { alias }),
    })),
    results: fn.results.map((value, i) => ({ name: names?.get(value) ?? `result ${i}`, type: types[value]! })),
    symbols: usedSymbols([...fn.inputs.map((input) => input.type), ...types]),
  };
}

function usedSymbols(types: readonly TensorType[]): readonly DimSymbol[] {
  const found = new Map<string, DimSymbol>();
  for (const { shape } of types) for (const d of shape) dimSymbols(d, found);
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
