import { readContainer, writeContainer } from "@tenon/ir/binary";
import {
  parseSafetensors,
  type SafetensorsDType,
  type SafetensorsTensor,
  serializeSafetensors,
} from "@tenon/safetensors";
import {
  type DType,
  decodeElements,
  dtypeOfShort,
  dtypes,
  encodeElements,
  FormatError,
  isDType,
  isRecord,
  sameType,
  type Tensor,
  type TensorType,
  tensor,
  typeText,
  type Variable,
} from "@tenon/tensor";
import type { History } from "./history.ts";

/**
 * Sections that a trainer adds to the file of its prediction step, and that readers of steps pass over; and the step's own with
 * the model's Variables.
 */
const sections = { model: "state.safetensors", state: "training.safetensors", metadata: "training.json" } as const;

/** Where a training stands. */
export interface Position {
  /** Epochs that are complete. */
  readonly epoch: number;
  /** Batches of the next epoch that were run, of this size, from so many rows. */
  readonly batch: number;
  readonly batchSize: number;
  readonly rows: number;
}

/** What a file says of a training besides its tensors. */
export interface TrainingMetadata {
  readonly format: 2;
  readonly seed: number;
  readonly position: Position;
  readonly history: History;
  /** Of the data: inputs, targets and weights. */
  readonly columns: Readonly<Record<string, RowType>>;
}

/** The type of one row of the data. */
export interface RowType {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** The file of a prediction step with the state of its training. */
export async function writeTraining(
  prediction: Uint8Array,
  state: readonly Variable[],
  metadata: TrainingMetadata,
): Promise<Uint8Array> {
  const values = state.map((v): [string, Tensor] => [v.name!, v.value]); // all of one moment
  const tensors = await Promise.all(
    values.map(async ([name, value]) => {
      const bytes = encodeElements(value.dtype, (await value.data()) as ArrayLike<number>);
      const dtype = dtypes[value.dtype].short.toUpperCase() as SafetensorsDType;
      return [name, { dtype, shape: value.shape as readonly number[], bytes }] as const;
    }),
  );
  const parts = new Map(readContainer(prediction));
  parts.set(sections.state, serializeSafetensors(tensors));
  parts.set(sections.metadata, new TextEncoder().encode(JSON.stringify(metadata)));
  return writeContainer(parts);
}

/** What a trainer's file holds, read but not yet given to anything. */
export interface SavedTraining {
  readonly metadata: TrainingMetadata;
  /** The model's Variables by name. */
  readonly model: ReadonlyMap<string, Tensor>;
  /** All others. */
  readonly state: ReadonlyMap<string, Tensor>;
}

export function readTraining(bytes: Uint8Array): SavedTraining {
  const parts = readContainer(bytes);
  const [model, state, metadata] = [parts.get(sections.model), parts.get(sections.state), parts.get(sections.metadata)];
  if (model === undefined || state === undefined || metadata === undefined) {
    throw new FormatError("E825", "load", "the file has a step, but no state of a training", {
      operands: { sections: [...parts.keys()].join(", ") },
      fix: "load it with loadStep, or give a file that save of a Trainer has written",
    });
  }
  return { metadata: decode(metadata), model: tensorsIn(model), state: tensorsIn(state) };
}

const tensorsIn = (bytes: Uint8Array): ReadonlyMap<string, Tensor> =>
  new Map([...parseSafetensors(bytes).tensors].map(([key, found]) => [key, tensorOf(key, found)]));

function tensorOf(name: string, { dtype: short, shape, bytes }: SafetensorsTensor): Tensor {
  const dtype = dtypeOfShort(short.toLowerCase());
  if (dtype !== undefined) return tensor(decodeElements(dtype, bytes), { shape, dtype });
  throw malformed(`${name} is ${short}, which is no dtype here`);
}

function decode(bytes: Uint8Array): TrainingMetadata {
  let json: unknown;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    json = JSON.parse(text, (_key, value: unknown) => (value === null ? Number.NaN : value)); // JSON has no other form of it
  } catch {
    throw malformed("it is no JSON");
  }
  if (!isRecord(json) || json.format !== 2) throw malformed("its format is not 2");
  const { seed, position, history, columns } = json;
  const whole = (n: unknown): boolean => Number.isSafeInteger(n) && (n as number) >= 0;
  if (!whole(seed)) throw malformed("seed is no whole number");
  const counts = ["epoch", "batch", "batchSize", "rows"];
  if (!isRecord(position) || !counts.every((key) => whole(position[key]))) throw malformed("position is no position");
  const lists = isRecord(history) ? [history.epochs, history.batches] : [];
  if (lists.length === 0 || !lists.every((list) => Array.isArray(list) && list.every(isRecord))) {
    throw malformed("history is no history");
  }
  const isType = (type: unknown): boolean =>
    isRecord(type) && isDType(type.dtype) && Array.isArray(type.shape) && type.shape.every(whole);
  if (!isRecord(columns) || !Object.values(columns).every(isType)) throw malformed("columns are no types");
  return json as unknown as TrainingMetadata;
}

const malformed = (problem: string): FormatError =>
  new FormatError("E825", "load", `the state of the training is malformed: ${problem}`, {
    fix: "get the file again from its source",
  });

/** Throws unless the file has a value of the right type for each of these Variables. */
export function checkFits(what: string, variables: readonly Variable[], saved: ReadonlyMap<string, TensorType>): void {
  for (const v of variables) {
    const found = saved.get(v.label());
    if (found !== undefined && sameType(found, v)) continue;
    throw new FormatError("E825", "load", `the file has ${found === undefined ? "no" : "another"} ${v.label()}`, {
      operands: { [what]: typeText(v), file: found === undefined ? [...saved.keys()].join(", ") : typeText(found) },
      fix: `load it into a trainer with the same ${what}`,
    });
  }
}
