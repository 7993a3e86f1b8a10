import { type BackendChoice, entrySignature } from "@tenon/backend";
import {
  checkOptions,
  type DType,
  dtypeOfShort,
  FormatError,
  OptionError,
  type Tensor,
  type TensorType,
  typeText,
} from "@tenon/ir";
import { moduleFromBinary, readContainer, sha256Hex } from "@tenon/ir/binary";
import { verify } from "@tenon/ir/verify";
import { parseSafetensors, type Safetensors } from "@tenon/safetensors";
import { type TreeStructure, treeLeaves } from "@tenon/tree";
import { type Compiled, callable } from "./compile.ts";
import { type Layout, layoutOf } from "./layout.ts";
import { decodeMetadata, type StepMetadata, sections } from "./metadata.ts";
import type { Program } from "./program.ts";
import { dataTensor, Storage } from "./storage.ts";
import { Variable } from "./variable.ts";

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
    contexts: [],
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
