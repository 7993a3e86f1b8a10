import { checkList, checkOptions, valueText } from "@tenon/tensor";
import { Column } from "./column.ts";
import { checkNumber, checkWhole, outside } from "./range.ts";

export interface PadSequencesOptions {
  /** The length that all get; that of the longest by default. */
  readonly length?: number;
  /** What short ones are filled with, 0 by default. */
  readonly value?: number;
  /** Where it goes: before what is there, by default, or after. */
  readonly padding?: "pre" | "post";
  /** Where long ones are cut: at their beginning, by default, or at their end. */
  readonly truncating?: "pre" | "post";
  /** "int32" by default. */
  readonly dtype?: "int32" | "float32";
}

const arrays = { int32: Int32Array, float32: Float32Array };

/**
 * Sequences of any length as rows of one length. (count, length)
 *
 * The defaults are those of Keras's `pad_sequences`: a recurrent network has then read the text last, not the padding.
 */
export function padSequences(sequences: readonly ArrayLike<number>[], options: PadSequencesOptions = {}): Column {
  checkList("padSequences", "the sequences", sequences, "[[1, 2, 3], [4, 5]]");
  checkOptions("padSequences", options, ["length", "value", "padding", "truncating", "dtype"]);
  const { value = 0, padding = "pre", truncating = "pre", dtype = "int32" } = options;
  const longest = sequences.reduce((most, sequence) => Math.max(most, lengthOf(sequence)), 0);
  const { length = longest } = options;
  checkWhole("padSequences", "length", length, 0, 2 ** 31 - 1);
  checkNumber("padSequences", "value", value);
  for (const [name, place] of Object.entries({ padding, truncating })) {
    if (place === "pre" || place === "post") continue;
    throw outside("padSequences", `${name} is ${valueText(place)}`, 'use "pre" or "post"');
  }
  if (!Object.hasOwn(arrays, dtype)) {
    throw outside("padSequences", `dtype is ${valueText(dtype)}`, 'use "int32" or "float32"');
  }
  const data = new arrays[dtype](sequences.length * length).fill(value);
  for (const [row, sequence] of sequences.entries()) {
    const kept = Math.min(sequence.length, length);
    const from = truncating === "pre" ? sequence.length - kept : 0;
    const to = row * length + (padding === "pre" ? length - kept : 0);
    for (let i = 0; i < kept; i++) data[to + i] = sequence[from + i]!;
  }
  return new Column(data, [sequences.length, length]);
}

function lengthOf(sequence: unknown): number {
  if (Array.isArray(sequence) || ArrayBuffer.isView(sequence)) return (sequence as unknown as ArrayLike<number>).length;
  throw outside("padSequences", `a sequence is ${valueText(sequence)}`, "give lists or typed arrays of numbers");
}
