import { type Index, type IndexVariable, lanesOf, partsOf } from "@tenon/lowering";
import { LANES } from "./arithmetic.ts";
import { mentions } from "./variation.ts";

/** Elements from lane to lane where an address moves evenly, in all that varies; undefined where it does not. */
export function evenStride(
  address: Index,
  lanes: IndexVariable,
  variables: ReadonlySet<IndexVariable>,
): number | undefined {
  const { terms, remainders } = partsOf(address);
  let stride = 0;
  for (const { coefficient, of } of terms) {
    if (of === lanes) stride += coefficient;
    else if (mentions(of, variables)) return undefined;
  }
  for (const { scale, dividend, divisor } of remainders)
    if ([scale, dividend, divisor].some((x) => mentions(x, variables))) return undefined;
  return stride;
}

const blockStrides = new WeakMap<Index, { readonly lanes: IndexVariable; readonly stride: number | undefined }>();

/**
 * Elements from lane to lane where the first lane is a multiple of the number of lanes, and an address may move otherwise from
 * vector to vector: side by side within rows of 8 that lie far apart.
 */
export function blockStride(
  address: Index,
  lanes: IndexVariable,
  variables: ReadonlySet<IndexVariable>,
): number | undefined {
  const known = blockStrides.get(address);
  if (known?.lanes === lanes) return known.stride;
  const others = new Set(variables);
  others.delete(lanes);
  const moved = mentions(address, others) ? undefined : lanesOf(address, lanes, LANES).stride;
  const stride = moved?.kind === "constant" ? moved.value : undefined;
  blockStrides.set(address, { lanes, stride });
  return stride;
}
