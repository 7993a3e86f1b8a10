import { dtypes, type Module, type Tensor, type WeightRow } from "@tenon/ir";
import { moduleToBinary, sha256Hex, writeContainer } from "@tenon/ir/binary";
import { verify } from "@tenon/ir/verify";
import { type SafetensorsDType, serializeSafetensors } from "@tenon/safetensors";
import { encodeMetadata, sections } from "./metadata.ts";
import type { Program } from "./program.ts";
import type { Snapshot } from "./save.ts";

/** The bytes of a `.tenon` file; `bytes` are those of the snapshot's values. */
export function writeStep(
  { program, layout, variables, names, values }: Snapshot,
  bytes: readonly Uint8Array[],
): Uint8Array {
  const { signature, outputs, argumentCount, structure } = program;
  const weights = names.flatMap((name, i): WeightRow[] => {
    if (i < variables.length && outputs[i] !== undefined) return [];
    const { dtype, shape } = values[i]!;
    const blob = i < variables.length ? sections.state : sections.weights;
    return [
      {
        name,
        type: { dtype, shape },
        entry: signature.entry,
        input: argumentCount + i,
        sha256: sha256Hex(bytes[i]!),
        blob,
      },
    ];
  });
  const file = (from: number, to: number): Uint8Array =>
    serializeSafetensors(
      names.slice(from, to).map((name, i) => [name, fileTensor(values[from + i]!, bytes[from + i]!)]),
    );
  const metadata = encodeMetadata({
    format: 1,
    entry: signature.entry,
    arguments: layout.structures.map((s) => s.skeleton),
    kinds: layout.leaves,
    names: layout.names,
    results: structure.skeleton,
    variables,
    captured: names.slice(variables.length),
  });
  const module = verify({ ...renamed(program, names.slice(0, variables.length)), weights });
  return writeContainer(
    new Map([
      [sections.module, moduleToBinary(module)],
      [sections.metadata, metadata],
      [sections.state, file(0, variables.length)],
      [sections.weights, file(variables.length, names.length)],
    ]),
  );
}

/** The module of a program with its Variables under these names. */
function renamed({ module, signature, argumentCount }: Program, names: readonly string[]): Module {
  const fn = module.entries.get(signature.entry)!;
  const table = new Map(module.tables.names.get(fn));
  names.forEach((name, i) => {
    table.set(argumentCount + i, name);
  });
  const sorted = new Map([...table].sort(([a], [b]) => a - b));
  return {
    ...module,
    state: module.state.map((row) => ({ ...row, name: names[row.input - argumentCount]! })),
    tables: { ...module.tables, names: new Map(module.tables.names).set(fn, sorted) },
  };
}

const fileTensor = ({ dtype, shape }: Tensor, bytes: Uint8Array) => ({
  dtype: dtypes[dtype].short.toUpperCase() as SafetensorsDType,
  shape: shape as readonly number[],
  bytes,
});
