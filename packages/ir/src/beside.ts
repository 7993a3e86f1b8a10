import type { Dim } from "./dim.ts";
import type { PerName } from "./op.ts";
import type { BatchTransforms, CallRegion, ConcreteType, Elements, ForwardTransforms } from "./record.ts";
import type { Tensor } from "./tensor.ts";

/**
 * What a structural op computes, on whole arrays: one list of elements per result. It stands below the op's record and not
 * in it, since a program that trains on a backend does not run it; `@tenon/ir/meanings` has them all.
 */
export type Meaning<N extends readonly string[] = readonly string[]> = (
  args: PerName<N, Elements>,
  attrs: any,
  results: readonly ConcreteType[],
  call: CallRegion,
) => Float64Array | readonly Float64Array[];

/**
 * How an op is applied to many examples at once: results with a leading axis of `size`, from operands of which some have
 * it. It stands below the record as well: of a program that trains, `vmap` alone asks for it, by `@tenon/ir/batching`.
 */
export type Batching<N extends readonly string[] = readonly string[]> = (
  args: PerName<N, Tensor>,
  batched: PerName<N, boolean>,
  attrs: any,
  size: Dim,
  ad: BatchTransforms,
) => Tensor | readonly Tensor[];

/**
 * Tangents of an op's results, as `OpRecord.jvp` gives them. Most programs that train never ask for them: forward mode finds
 * them by `@tenon/ir/tangents`.
 */
export type Jvp<N extends readonly string[] = readonly string[], R extends readonly string[] = readonly ["y"]> = (
  args: PerName<N, Tensor>,
  tangents: PerName<N, Tensor | null>,
  results: readonly Tensor[] & PerName<R, Tensor>,
  attrs: any,
  ad: ForwardTransforms,
) => Tensor | null | readonly (Tensor | null)[];
