import type { Tensor } from "@tenon/ir";
import type { Callable } from "./compile.ts";
import { readBytes } from "./device.ts";
import type { Layout } from "./layout.ts";
import type { VariableRow } from "./metadata.ts";
import { freeName, namesOf, type Program } from "./program.ts";
import { realize } from "./realize.ts";
import { storageOf } from "./storage.ts";

/** What a file holds of a step, as of one moment. */
export interface Snapshot {
  readonly program: Program;
  readonly layout: Layout;
  readonly variables: readonly VariableRow[];
  /** Names of the Variables, then of the captured tensors. */
  readonly names: readonly string[];
  readonly values: readonly Tensor[];
}

/**
 * The program and every Variable as the bytes of a `.tenon` file. All Variables are read as of the same moment, and
 * stand under the names they have then. What writes the file is loaded meanwhile: a page that never saves goes without.
 */
export async function saveStep(source: Callable): Promise<Uint8Array> {
  const { program, layout } = source.saved();
  const { variables, captured } = program;
  const variableNames = namesOf(variables);
  const taken = new Set(variableNames);
  const snapshot: Snapshot = {
    program,
    layout,
    variables: variables.map(({ role, trainable }, i) => ({ name: variableNames[i]!, role, trainable })),
    names: [...variableNames, ...captured.map(() => freeName("captured", taken))],
    values: [...variables.map((v) => v.current()), ...captured],
  };
  const [{ writeStep }, bytes] = await Promise.all([
    import("./later.ts"),
    Promise.all(snapshot.values.map(bytesOfTensor)),
  ]);
  return writeStep(snapshot, bytes);
}

function bytesOfTensor(t: Tensor): Promise<Uint8Array> {
  realize([t]);
  return readBytes(storageOf(t)!);
}
