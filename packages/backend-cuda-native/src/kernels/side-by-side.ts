import {
  addIndex,
  always,
  constantIndex,
  floorDiv,
  type Index,
  type IndexVariable,
  indexVariable,
  type LoadValue,
  lanesOf,
  multiplyIndex,
  type Predicate,
  substituteIndex,
  type Value,
} from "@tenon/lowering";

/** The load that a value is, or is where a mask holds, and zero elsewhere; undefined where anything is computed. */
export function loadOf(value: Value): LoadValue | undefined {
  if (value.kind === "load") return value.mask === always ? value : undefined;
  if (value.kind !== "alu" || value.op !== "select") return undefined;
  const [test, load, other] = value.operands;
  const isPadded = other!.kind === "constant" && other!.value === 0;
  if (!isPadded || load!.kind !== "load" || test!.kind !== "test" || test!.predicate !== load!.mask) return undefined;
  return load as LoadValue;
}

/**
 * Whether elements that are loaded for `count` values of an axis, the first a multiple of `count`, lie side by side from a multiple of
 * `count` on, and are all there or none.
 */
export function liesSideBySide({ address, mask }: LoadValue, axis: IndexVariable, size: Index, count: number): boolean {
  if (size.multiple % count !== 0) return false;
  const { stride, alignment } = lanesOf(address, axis, count);
  return stride === constantIndex(1) && alignment % count === 0 && isUniform(mask, axis, count);
}

/** Whether a mask says the same of each of them. */
function isUniform(mask: Predicate, axis: IndexVariable, count: number): boolean {
  if (mask === always) return true;
  const block = indexVariable(`${axis.name}/`, floorDiv(axis.min, count), floorDiv(axis.max, count));
  const first = multiplyIndex(block, count);
  const at = (lane: number): Predicate => substituteIndex(mask, new Map([[axis as Index, addIndex(first, lane)]]));
  return Array.from({ length: count }, (_, lane) => at(lane)).every((said) => said === at(0));
}
