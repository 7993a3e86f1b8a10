import { dynamicUpdate, iota, type Tensor } from "@tenon/tensor";

/**
 * Keys and values of the steps so far, for generating a sequence step by step: state that goes into a call and comes out of
 * it renewed. Its shapes do not change, so that one compiled step serves all places.
 */
export interface AttentionCache {
  /** (N, places, heads, features) */
  readonly key: Tensor;
  /** (N, places, heads, features) */
  readonly value: Tensor;
  /** How many steps it holds: an int32 of rank 0. */
  readonly length: Tensor;
}

/** The cache with the keys and values of further steps, (N, T, heads, features) each. What goes beyond its end overwrites the last places. */
export function extended({ key, value, length }: AttentionCache, k: Tensor, v: Tensor): AttentionCache {
  return {
    key: dynamicUpdate(key, k.cast(key.dtype), [0, length, 0, 0]),
    value: dynamicUpdate(value, v.cast(value.dtype), [0, length, 0, 0]),
    length: length.add(Number(k.shape[1])),
  };
}

/** Which places of a cache each of `steps` new steps may see: those before it, and its own. (1, 1, T, places) bool */
export function seenIn({ key, length }: AttentionCache, steps: number): Tensor {
  const [place, last] = [iota([1, 1, 1, key.shape[1]!], 3), iota([1, 1, steps, 1], 2)];
  return place.lessEqual(last.add(length));
}
