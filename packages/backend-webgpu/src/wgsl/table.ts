import type { KernelSource, SlotPlace } from "./source.ts";

/*
 * The table of a dispatch, in words of 32 bits: how many instances there are, how many workgroups all of them have, two words
 * that stay free; then for each instance the number of its first workgroup, its scalars, and for each slot that
 * is based the element that it begins at, filled up to a multiple of four words.
 */

/** Words of a `vec4<u32>`. */
export const VECTOR = 4;

export interface TableLayout {
  /** `vec4<u32>`s of an instance. */
  readonly stride: number;
  /** By scalar: the word within the instance. */
  readonly scalars: readonly number[];
  /** By slot: the word within the instance; undefined for one that is not based. */
  readonly bases: readonly (number | undefined)[];
}

/** Where the table says what. */
export function tableLayout({ scalars }: Pick<KernelSource, "scalars">, places: readonly SlotPlace[]): TableLayout {
  let words = 1; // the first workgroup
  const next = (): number => words++;
  const layout = { scalars: scalars.map(next), bases: places.map(({ based }) => (based ? next() : undefined)) };
  return { stride: Math.ceil(words / VECTOR), ...layout };
}

/** `vec4<u32>`s of a table of so many instances: for several a power of two, so that few modules serve any number. */
export function tableLength({ stride }: TableLayout, instances: number): number {
  const length = 1 + stride * instances;
  return instances === 1 ? length : 2 ** Math.ceil(Math.log2(length));
}
