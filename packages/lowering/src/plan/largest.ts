import { type DType, dtypes, shapeText } from "@tenon/ir";
import { evaluateIndex } from "../index-fold.ts";
import { bodiesOf } from "../kernel/items.ts";
import type { Item, StepProgram } from "../kernel/program.ts";

/** How many tensors tell what takes the memory. */
const TOLD = 10;

/** The tensors of a program that take the most bytes, by what they are called or the op that computes them, largest first. */
export function largestTensors(
  { buffers, kernels, items, signature }: StepProgram,
  dims: ReadonlyMap<string, number>,
): Readonly<Record<string, string>> {
  const makers = new Map<number, string>();
  const walk = (item: Item): void => {
    bodiesOf(item).flat().forEach(walk);
    if (item.kind !== "launch") return;
    const { slots } = kernels[item.kernel]!;
    const { scopes, ops } = item.origin;
    const maker = [...scopes, ops.at(-1) ?? kernels[item.kernel]!.name].join(".");
    for (const { buffers: given } of item.instances)
      for (const [s, { access }] of slots.entries()) if (access !== "read") makers.set(given[s]!, maker);
  };
  items.forEach(walk);

  const bytesOf = (dtype: DType, elements: number): number => elements * dtypes[dtype].byteLength;
  const found = buffers.map(({ dtype, shape, elements, place }, b) => {
    const bytes = bytesOf(dtype, evaluateIndex(elements, dims));
    const name =
      place.kind === "input"
        ? signature.inputs[place.index]!.name
        : place.kind === "result"
          ? signature.results[place.index]!.name
          : place.kind === "constant"
            ? "a constant"
            : (makers.get(b) ?? "a copy");
    return { name, bytes, text: `${dtype} ${shapeText(shape)}, ${bytes} bytes` };
  });
  const largest: Record<string, string> = {};
  for (const { name, text } of found.sort((a, b) => b.bytes - a.bytes).slice(0, TOLD)) {
    let label = name;
    for (let n = 2; label in largest; n++) label = `${name} (${n})`;
    largest[label] = text;
  }
  return largest;
}
