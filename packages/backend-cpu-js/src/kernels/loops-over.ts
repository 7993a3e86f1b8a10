import {
  type ClaimedKernel,
  epilogueAt,
  type For,
  type Index,
  type IndexVariable,
  indexAxis,
  KernelWriter,
  type LoopKernel,
  type Statement,
  type Value,
} from "@tenon/lowering";

/**
 * A claimed composite as loops over the places of its results, which all have the same shape: `elements` writes what one place computes of
 * each. Lanes run along the axis whose elements lie side by side, as in any loop.
 */
export function loopsOver(
  { name, slots, scalars, results }: ClaimedKernel,
  elements: (writer: KernelWriter, index: readonly Index[]) => readonly Value[],
): LoopKernel {
  const axes = results[0]!.axes.map(({ size }, i) => ({ at: indexAxis(`at${i}`, size), size }));
  const index = axes.map(({ at }) => at);
  const writer = new KernelWriter();
  const values = elements(writer, index);
  const statements: readonly Statement[] = [
    ...writer.statements,
    ...values.flatMap((value, i) => epilogueAt(results[i]!, index, value)),
  ];
  const body = axes.reduceRight<readonly Statement[]>((inner, { at, size }) => {
    if (at.kind !== "variable") return inner;
    const loop: For = { kind: "for", variable: at as IndexVariable, size, role: "parallel", body: inner };
    return [loop];
  }, statements);
  return { kind: "loops", name, slots, scalars, body };
}
