import { type BackendChoice, entrySignature } from "@tenon/backend";
import {
  checkOptions,
  type DType,
  dtypeOfShort,
  dtypes,
  FormatError,
  type Module,
  moduleFromBinary,
  moduleToBinary,
  OptionError,
  readContainer,
  sha256Hex,
  type Tensor,
  type TensorType,
  typeText,
  verify,
  type WeightRow,
  writeContainer,
} from "@tenon/ir";
import { parseSafetensors, type Safetensors, type SafetensorsDType, serializeSafetensors } from "@tenon/safetensors";
import { type TreeStructure, treeLeaves } from "@tenon/tree";
import { type Callable, type Compiled, callable, installSaver } from "./compile.ts";
import { readBytes } from "./device.ts";
import { type Layout, layoutOf } from "./layout.ts";
import { decodeMetadata, encodeMetadata, type StepMetadata } from "./metadata.ts";
import { freeName, namesOf, type Program } from "./program.ts";
import { realize } from "./realize.ts";
import { dataTensor, Storage, storageOf } from "./storage.ts";
import { Variable } from "./variable.ts";

/** Sections of a step's file. */
const sections = {
  module: "module",
  metadata: "metadata",
  state: "state.safetensors",
  weights: "weights.safetensors",
} as const;

installSaver(saveStep);

/**
 * The program and every Variable as the bytes of a `.tenon` file. All Variables are read as of the same moment, and
 * stand under the names they have then.
 */
async function saveStep(source: Callable): Promise<Uint8Array> {
  const { program, layout } = source.saved();
  const { variables, captured, signature, outputs, argumentCount, structure } = program;
  const variableNames = namesOf(variables);
  const taken = new Set(variableNames);
  const names = [...variableNames, ...captured.map(() => freeName("captured", taken))];
  const rows = variables.map(({ role, trainable }, i) => ({ name: variableNames[i]!, role, trainable }));
  const module = renamed(program, variableNames);
  const values = [...variables.map((v) => v.current()), ...captured];
  const bytes = await Promise.all(values.map(bytesOfTensor));
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
  const metadata: StepMetadata = {
    format: 1,
    entry: signature.entry,
    arguments: layout.structures.map((s) => s.skeleton),
    kinds: layout.leaves,
    names: layout.names,
    results: structure.skeleton,
    variables: rows,
    captured: names.slice(variables.length),
  };
  return writeContainer(
    new Map([
      [sections.module, moduleToBinary(verify({ ...module, weights }))],
      [sections.metadata, encodeMetadata(metadata)],
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

function bytesOfTensor(t: Tensor): Promise<Uint8Array> {
  realize([t]);
  return readBytes(storageOf(t)!);
}

const fileTensor = ({ dtype, shape }: Tensor, bytes: Uint8Array) => ({
  dtype: dtypes[dtype].short.toUpperCase() as SafetensorsDType,
  shape: shape as readonly number[],
  bytes,
});

export interface LoadOptions {
  readonly backend?: BackendChoice;
}

/**
 * The step of a `.tenon` file, callable as before it was saved, with its Variables. None of the packages that the
 * step was written with is needed.
 */
export async function loadStep(bytes: Uint8Array, options: LoadOptions = {}): Promise<Compiled<any[], any>> {
  checkOptions("loadStep", options, ["backend"]);
  if (!(bytes instanceof Uint8Array)) {
    throw new OptionError(
      "E803",
      "loadStep",
      `the first argument is ${typeof bytes === "string" ? JSON.stringify(bytes) : String(bytes)}, not the bytes of a file`,
      { fix: "read the file first, and pass a Uint8Array" },
    );
  }
  const parts = readContainer(bytes);
  const part = (name: string): Uint8Array => {
    const found = parts.get(name);
    if (found !== undefined) return found;
    throw new FormatError("E182", "tenon", `the section ${name} is missing`, {
      operands: { sections: [...parts.keys()].join(", ") || "none" },
      fix: "load a file that step.save() has written",
    });
  };
  const module = verify(moduleFromBinary(part(sections.module)));
  const metadata = decodeMetadata(part(sections.metadata));
  const files = {
    [sections.state]: parseSafetensors(part(sections.state)),
    [sections.weights]: parseSafetensors(part(sections.weights)),
  };
  const program = programOf(module, metadata, files);
  const layout: Layout = {
    structures: metadata.arguments.map(structureOf),
    leaves: metadata.kinds,
    types: program.signature.inputs.slice(0, program.argumentCount).map((i) => i.type),
    names: metadata.names,
  };
  return callable({
    settings: options.backend === undefined ? {} : { backend: options.backend },
    find(args) {
      return { program, tensors: layoutOf(args, layout, true).tensors };
    },
    trace: () => module,
    programs: () => [program],
    saved: () => ({ program, layout }),
  }) as Compiled<any[], any>;
}

const structureOf = (skeleton: unknown): TreeStructure<unknown> => ({
  leafCount: treeLeaves(skeleton).length,
  skeleton: skeleton as never,
});

function programOf(
  module: Program["module"],
  metadata: StepMetadata,
  files: Readonly<Record<string, Safetensors>>,
): Program {
  const { entry, variables: rows, captured: hidden } = metadata;
  if (!module.entries.has(entry)) throw inconsistent(`the module has no entry ${entry}`);
  const signature = entrySignature(module, entry);
  const argumentCount = signature.inputs.length - rows.length - hidden.length;
  const contexts = metadata.kinds.filter((kind) => kind !== "inference").length;
  if (argumentCount !== contexts || metadata.names.length !== argumentCount) {
    throw inconsistent(
      `the entry has ${signature.inputs.length} inputs, the metadata describes ${contexts + rows.length + hidden.length}`,
    );
  }
  const structure = structureOf(metadata.results);
  const input = (i: number): TensorType => signature.inputs[argumentCount + i]!.type;
  const variables = rows.map(
    ({ name, role, trainable }, i) =>
      new Variable(stored(files[sections.state]!, name, input(i)), { name, role, trainable }),
  );
  const outputs = rows.map(({ name }, i) => {
    const { alias } = signature.inputs[argumentCount + i]!;
    const row = module.state.find((r) => r.entry === entry && r.name === name);
    if (alias !== row?.output || (row !== undefined && row.input !== argumentCount + i))
      throw inconsistent(`${name} is not what the module's state says`);
    return alias;
  });
  if (signature.results.length !== structure.leafCount + outputs.filter((o) => o !== undefined).length)
    throw inconsistent("the entry's results are not those of the metadata");
  const captured = hidden.map((name, i) => stored(files[sections.weights]!, name, input(rows.length + i)));
  for (const row of module.weights) {
    const found = files[row.blob]?.tensors.get(row.name);
    if (found === undefined || sha256Hex(found.bytes) !== row.sha256) {
      throw new FormatError("E184", "tenon", `the bytes of ${row.name} are not those that the module names`, {
        operands: { sha256: row.sha256 },
        fix: "get the file again from its source",
      });
    }
  }
  return {
    module,
    signature,
    argumentCount,
    variables,
    trainable: variables.map((v) => v.trainable),
    outputs,
    captured,
    structure,
    executables: new Map(),
  };
}

const inconsistent = (problem: string): FormatError =>
  new FormatError("E183", "tenon", `module and metadata disagree: ${problem}`, {
    fix: "get the file again from its source",
  });

/** A tensor of a file's section, of the type that the module gives it. */
function stored(file: Safetensors, name: string, type: TensorType): Tensor {
  const found = file.tensors.get(name);
  const dtype: DType | undefined = found && dtypeOfShort(found.dtype.toLowerCase());
  const same =
    found !== undefined &&
    dtype === type.dtype &&
    found.shape.length === type.shape.length &&
    found.shape.every((d, i) => d === type.shape[i]);
  if (!same) {
    const what = found === undefined ? "missing" : `${found.dtype} [${found.shape.join(", ")}]`;
    throw new FormatError(
      "E183",
      "tenon",
      `module and metadata disagree: the stored tensor ${name} is ${what} where the module has ${typeText(type)}`,
      { fix: "get the file again from its source" },
    );
  }
  return dataTensor(new Storage({ dtype: type.dtype, shape: found.shape }, found.bytes.slice()));
}
