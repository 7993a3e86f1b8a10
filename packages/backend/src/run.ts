import { BackendError, LimitError, TenonError } from "@tenon/ir";
import { type Bindings, concreteType } from "./bind.ts";
import { byteLengthOf, donorsOf } from "./buffers.ts";
import type { Buffer, EntrySignature } from "./contract.ts";
import type { LiveBuffer, LiveBuffers } from "./live-buffers.ts";

/** Where each result goes: into the argument that it aliases, the buffer that was given for it, or a new one. */
export function resultBuffers<M>(
  buffers: LiveBuffers<M>,
  signature: EntrySignature,
  bindings: Bindings,
  inputs: readonly LiveBuffer<M>[],
  results: readonly (Buffer | undefined)[],
): readonly LiveBuffer<M>[] {
  const from = donorsOf(signature);
  const made: LiveBuffer<M>[] = [];
  try {
    return signature.results.map(({ type }, i) => {
      const donor = from[i];
      if (donor !== undefined) return inputs[donor]!;
      const given = results[i];
      if (given !== undefined) return buffers.own(signature.entry, given);
      const buffer = buffers.alloc(byteLengthOf(concreteType(type, bindings)));
      made.push(buffer);
      return buffer;
    });
  } catch (error) {
    for (const buffer of made) buffer.release(); // where one result has no room, nobody would release the others
    throw error;
  }
}

/** The error of a use of an executable that was disposed. */
export const executableDisposed = (entry: string): BackendError =>
  new BackendError("E538", entry, "the executable was disposed", { fix: "compile the module again" });

/** Throws where a run would hold more bytes than it may; `largest` says what takes them. */
export function checkBudget(
  entry: string,
  bytes: number,
  budget: number,
  largest: () => Readonly<Record<string, string>> = () => ({}),
): void {
  if (bytes <= budget) return;
  throw new LimitError("E539", entry, `a run holds up to ${bytes} bytes, more than the budget of ${budget}`, {
    operands: largest(),
    fix: "raise memoryBudget, or use a smaller batch",
  });
}

/** What a run threw, as an error of the library. */
export function runError(entry: string, cause: unknown): TenonError {
  if (cause instanceof TenonError) return cause;
  const problem = cause instanceof Error ? cause.message : String(cause);
  return new BackendError("E541", entry, `the run failed: ${problem}`, { cause });
}

/** The value of a key, made if there is none; of more than `most` the one goes that was not asked for the longest. */
export function recent<K, V>(cache: Map<K, V>, key: K, most: number, make: () => V): V {
  const value = cache.has(key) ? cache.get(key)! : make();
  cache.delete(key);
  cache.set(key, value);
  if (cache.size > most) cache.delete(cache.keys().next().value!);
  return value;
}
