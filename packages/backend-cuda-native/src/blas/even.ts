import type { Node, Tensor } from "@tenon/ir";
import { freeAxes, type Index, indexOfDim, isMove, multiplyIndex, stridedRead } from "@tenon/lowering";

type Axes = readonly number[];
type Pairs = readonly [Axes, Axes];

/** Whether the operands of a `dot` lie in memory as those of `formOf` do, which is asked when there is a kernel. */
export function liesEvenly(node: Node): boolean {
  const { contract, batch } = node.attrs as unknown as Record<"contract" | "batch", Pairs>;
  const reads = node.inputs.map(stridedRead);
  if (reads.some(({ source }) => isMove(source.node))) return false; // of several arrays, or behind a mask
  const free = freeAxes(node);
  const isEven = (pairs: Pairs): boolean =>
    node.inputs.every((x, side) => isOne(x, reads[side]!.strides, pairs[side]!));
  const bySteps = contract[1]
    .map((_, n) => n)
    .sort((m, n) => stepOf(reads[1]!.strides[contract[1][n]!]!) - stepOf(reads[1]!.strides[contract[1][m]!]!));
  const contracts = [contract, contract.map((axes) => bySteps.map((n) => axes[n]!)) as unknown as Pairs];
  return isEven(batch) && isEven(free) && contracts.some(isEven);
}

const stepOf = (stride: Index): number => (stride.kind === "constant" ? stride.value : 0);

/** Whether axes together are one, with one step. */
function isOne({ shape }: Tensor, strides: readonly Index[], axes: Axes): boolean {
  const long = axes.filter((axis) => shape[axis] !== 1);
  return long.slice(1).every((axis, i) => {
    const whole = multiplyIndex(strides[axis]!, indexOfDim(shape[axis]!));
    return strides[long[i]!] === whole;
  });
}
