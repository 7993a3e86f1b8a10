import { FormatError, isRecord } from "@tenon/ir";
import { treeLeaves } from "@tenon/tree";
import type { Layout } from "./layout.ts";
import type { VariableRole } from "./variable.ts";

const MAX_BYTES = 4 * 2 ** 20;
const MAX_DEPTH = 64;
const roles: readonly string[] = ["parameter", "statistic", "slot", "key", "state"] satisfies VariableRole[];
const kinds: readonly string[] = ["tensor", "training", "inference"] satisfies Layout["leaves"];

/** Sections of a step's file. */
export const sections = {
  module: "module",
  metadata: "metadata",
  state: "state.safetensors",
  weights: "weights.safetensors",
} as const;

export interface VariableRow {
  readonly name: string;
  readonly role: VariableRole;
  readonly trainable: boolean;
}

/** What a `.tenon` file says of a step besides its program: how arguments and results are made up, and its Variables. */
export interface StepMetadata {
  readonly format: 1;
  readonly entry: string;
  /** Per argument, the tree with the number of its leaf for each tensor or context. */
  readonly arguments: readonly unknown[];
  readonly kinds: Layout["leaves"];
  readonly names: readonly string[];
  readonly results: unknown;
  readonly variables: readonly VariableRow[];
  /** Names, in the file's weights, of tensors that the function took from outside. */
  readonly captured: readonly string[];
}

export const encodeMetadata = (metadata: StepMetadata): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(metadata));

/** Reads what `encodeMetadata` wrote; anything else is a FormatError that names the JSON path. */
export function decodeMetadata(bytes: Uint8Array): StepMetadata {
  if (bytes.byteLength > MAX_BYTES) throw malformed(`it has ${bytes.byteLength} bytes, more than ${MAX_BYTES}`, "$");
  let json: unknown;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    checkDepth(text);
    json = JSON.parse(text);
  } catch (cause) {
    if (cause instanceof FormatError) throw cause;
    throw malformed("it is no JSON", "$");
  }
  if (!isRecord(json)) throw malformed("it is no record", "$");
  if (json.format !== 1) throw malformed(`format is ${String(json.format)}, and this version reads 1`, "$.format");
  const { entry, kinds: leaves, names, variables, captured, results } = json;
  if (typeof entry !== "string") throw malformed("entry is no name", "$.entry");
  const structures = list(json.arguments, "$.arguments");
  let count = 0;
  structures.forEach((tree, i) => {
    count += checkTree(tree, `$.arguments[${i}]`);
  });
  checkTree(results, "$.results");
  const kindList = list(leaves, "$.kinds");
  if (kindList.length !== count || !kindList.every((k) => kinds.includes(k as string)))
    throw malformed(`kinds does not describe the ${count} leaves of the arguments`, "$.kinds");
  checkNames(names, "$.names");
  checkNames(captured, "$.captured");
  const rows = list(variables, "$.variables");
  rows.forEach((row, i) => {
    const good =
      isRecord(row) &&
      typeof row.name === "string" &&
      roles.includes(row.role as string) &&
      typeof row.trainable === "boolean";
    if (!good) throw malformed("a Variable needs name, role and trainable", `$.variables[${i}]`);
  });
  checkNames(
    rows.map((row) => (row as { name: string }).name),
    "$.variables",
  );
  return json as unknown as StepMetadata;
}

/** A tree whose leaves are 0, 1, 2, … in order. Returns how many there are. */
function checkTree(tree: unknown, path: string): number {
  const leaves = treeLeaves(tree);
  if (leaves.every((leaf, i) => leaf === i)) return leaves.length;
  throw malformed("the leaves of a tree are not numbered in order", path);
}

function checkNames(names: unknown, path: string): void {
  const all = list(names, path);
  if (!all.every((n) => typeof n === "string")) throw malformed("a name is no string", path);
  if (new Set(all).size !== all.length) throw malformed("a name stands twice", path);
}

function list(value: unknown, path: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw malformed("a list is missing", path);
}

function checkDepth(text: string): void {
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quoted) {
      if (c === "\\") i++;
      else if (c === '"') quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === "{" || c === "[") {
      if (++depth > MAX_DEPTH) throw malformed(`it is nested deeper than ${MAX_DEPTH}`, `character ${i}`);
    } else if (c === "}" || c === "]") depth--;
  }
}

const malformed = (problem: string, at: string): FormatError =>
  new FormatError("E181", "tenon", `the section metadata is malformed: ${problem}`, {
    at,
    fix: "get the file again from its source",
  });
