import { floorDiv, modIndex } from "../../index-division.ts";
import { addIndex, indexVariable, multiplyIndex } from "../../index-expression.ts";
import type { Index, IndexVariable } from "../../index-node.ts";
import type { ClaimedKernel, ClaimedResult, Strided } from "../../kernel/kernel.ts";
import type { Source } from "../source.ts";

const MOST = 2 ** 31 - 1;

/** A name that is known where it is used, as an index that is at least `low`. */
export function named(source: Source, text: string, low = 0): Index {
  const variable = indexVariable(text, low, MOST) as IndexVariable;
  source.name(variable, text);
  return variable;
}

/** Gives an int32 a name; the same as an index. */
export function bound(source: Source, name: string, value: Index): Index {
  source.line(source.language.let(name, "int32", source.index(value)));
  return named(source, name, Math.max(value.low, -MOST));
}

/** The axes of a place of an array of these sizes, from the first one, each with a name of its own. */
export function unravelled(source: Source, place: Index, sizes: readonly Index[], prefix: string): readonly Index[] {
  const index: Index[] = [];
  let rest = place;
  for (const [axis, size] of [...sizes.entries()].reverse()) {
    const isFirst = axis === 0;
    index.unshift(bound(source, `${prefix}${axis}`, isFirst ? rest : modIndex(rest, size)));
    if (!isFirst) rest = bound(source, `${prefix}${axis}_rest`, floorDiv(rest, size));
  }
  return index;
}

/** The address of an element of an operand, at an index by axis. */
export const placeOf = ({ start, strides }: Strided, index: readonly Index[]): Index =>
  addIndex(start, ...index.map((i, axis) => multiplyIndex(i, strides[axis]!)));

/** The number of an operand's slot. */
export const slotOf = (kernel: ClaimedKernel, operand: Strided): number => kernel.slots.indexOf(operand.slot);

/** Statements that finish an element of a result, whose value and whose place by axis have these names. */
export function finish(
  source: Source,
  { axes, given, epilogue }: ClaimedResult,
  value: string,
  at: readonly string[],
): void {
  for (const [i, { variable }] of axes.entries()) source.name(variable, at[i]!);
  source.name(given, value);
  source.statements(epilogue);
}
