import type { PerName } from "./op.ts";
import type { CallRegion, ConcreteType, Elements } from "./record.ts";

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
