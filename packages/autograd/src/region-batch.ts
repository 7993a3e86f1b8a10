import { type BatchedRegion, type BatchTransforms, type Dim, Fn, input } from "@tenon/ir";
import { remembered } from "@tenon/ir/regions";
import { batch, everywhere } from "./batch.ts";

function many(fn: Fn, size: Dim, batched: readonly boolean[], results: readonly boolean[] = []): BatchedRegion {
  const inputs = fn.inputs.map((t, i) => (batched[i] ? input({ dtype: t.dtype, shape: [size, ...t.shape] }) : t));
  const examples = new Map(fn.inputs.map((t, i) => [t, inputs[i]!] as const).filter((_, i) => batched[i]));
  const found = batch(fn.results, examples, size);
  const marks = found.batched.map((mark, i) => mark || results[i] === true);
  const all = everywhere(found, size);
  return {
    fn: new Fn(
      `${fn.name}_batched`,
      inputs,
      all.map((y, i) => (marks[i] ? y : found.results[i]!)),
    ),
    batched: marks,
  };
}

/** What batching rules are handed. */
export const batchTransforms: BatchTransforms = { batch: remembered(many) };
