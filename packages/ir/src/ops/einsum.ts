import { sameDim } from "../dim.ts";
import { checkTensor, splat } from "../promote.ts";
import { checked } from "../rule.ts";
import { normal, samplesOf } from "../sample.ts";
import type { Tensor } from "../tensor.ts";
import { mul } from "./arithmetic.ts";
import { equal, select } from "./compare.ts";
import { iota } from "./constant.ts";
import { type Label, readEquation } from "./einsum-equation.ts";
import { dot } from "./matmul.ts";
import { transpose } from "./move.ts";
import { sum } from "./reduce.ts";
import { reshape } from "./reshape.ts";

/** A tensor and what its axes are called. */
interface Labelled {
  readonly x: Tensor;
  readonly labels: readonly Label[];
}

/**
 * Einstein summation, as in NumPy: axes are named by letters, letters of several operands are matched, and those that are
 * not behind the arrow are summed, `einsum("bij,bjk->bik", x, y)`. `...` stands for any number of axes, which broadcast. A
 * letter twice in one term is its diagonal. Without an arrow, the result has the letters that stand once, by the alphabet.
 *
 * Operands are multiplied from left to right; each product is a matrix product where letters are summed in it.
 */
export function einsum(equation: string, ...operands: readonly Tensor[]): Tensor {
  operands.forEach((x, i) => {
    checkTensor("einsum", `operand ${i}`, x);
  });
  const named = Object.fromEntries(operands.map((x, i) => [`operand ${i}`, x]));
  const read = checked(
    "einsum",
    named,
    () => undefined,
    () => readEquation(equation, operands),
  );
  const [first, ...rest] = operands.map((x, i) => distinctLabels(x, read.operands[i]!));
  const product = rest.reduce((left, right, i) => {
    const later = new Set([...read.result, ...rest.slice(i + 1).flatMap(({ labels }) => labels)]);
    return times(left, right, later);
  }, first!);
  const { x, labels } = summedBut(product, new Set(read.result));
  const order = read.result.filter((label) => labels.includes(label));
  const moved = transpose(
    x,
    order.map((label) => labels.indexOf(label)),
  );
  // an axis that is 1 in every operand was left out on the way
  return reshape(
    moved,
    read.result.map((label) => read.sizes.get(label)!),
  );
}

/** The operand without its axes of `...` that are repeated to meet those of others, and with the diagonal of repeated letters. */
function distinctLabels(given: Tensor, all: readonly Label[]): Labelled {
  const kept = all.flatMap((label, i) => (label.startsWith(".") && sameDim(given.shape[i]!, 1) ? [] : [i]));
  let x = reshape(
    given,
    kept.map((i) => given.shape[i]!),
  );
  let labels = kept.map((i) => all[i]!);
  for (let j = labels.length - 1; j > 0; j--) {
    const i = labels.indexOf(labels[j]!);
    if (i === j) continue;
    const places = (axis: number): Tensor =>
      iota(
        x.shape.map((d, k) => (k === axis ? d : 1)),
        axis,
      );
    x = sum(select(equal(places(i), places(j)), x, splat(0, [], x.dtype)), { axis: j });
    labels = labels.toSpliced(j, 1);
  }
  return { x, labels };
}

function summedBut({ x, labels }: Labelled, wanted: ReadonlySet<Label>): Labelled {
  const axis = labels.flatMap((label, i) => (wanted.has(label) ? [] : [i]));
  if (axis.length === 0) return { x, labels };
  return { x: sum(x, { axis }), labels: labels.filter((label) => wanted.has(label)) };
}

/** The product over the labels of both, summed over those that both have and nothing later wants. */
function times(left: Labelled, right: Labelled, later: ReadonlySet<Label>): Labelled {
  const a = summedBut(left, new Set([...later, ...right.labels]));
  const b = summedBut(right, new Set([...later, ...left.labels]));
  const shared = a.labels.filter((label) => b.labels.includes(label));
  const [batch, contract] = [true, false].map((kept) => shared.filter((label) => later.has(label) === kept)) as [
    Label[],
    Label[],
  ];
  const only = ({ labels }: Labelled): Label[] => labels.filter((label) => !shared.includes(label));
  const labels = [...batch, ...only(a), ...only(b)];
  const pairs = (list: readonly Label[]) =>
    [a, b].map((side) => list.map((label) => side.labels.indexOf(label))) as [number[], number[]];
  if (contract.length > 0) return { x: dot(a.x, b.x, { batch: pairs(batch), contract: pairs(contract) }), labels };
  return { x: mul(spread(a, labels), spread(b, labels)), labels };
}

/** The axes in the order of `labels`, with size 1 for those that the tensor has not. */
function spread({ x, labels: own }: Labelled, labels: readonly Label[]): Tensor {
  const order = labels.filter((label) => own.includes(label)).map((label) => own.indexOf(label));
  return reshape(
    transpose(x, order),
    labels.map((label) => (own.includes(label) ? x.shape[own.indexOf(label)]! : 1)),
  );
}

const sampled = (...given: readonly unknown[]): Tensor =>
  einsum((given.at(-1) as { equation: string }).equation, ...(given.slice(0, -1) as Tensor[]));

export const einsumSamples = () =>
  samplesOf(Object.defineProperty(sampled, "name", { value: "einsum" }), [
    [normal([2, 3, 4]), normal([2, 4, 2]), { equation: "bij,bjk->bik" }],
    [normal([2, 3, 4]), normal([3, 2]), normal([4]), { equation: "ijk,ja,k->ai" }],
    [normal([1, 2, 3]), normal([4, 3, 2]), { equation: "...ij,...jk" }],
    [normal([3, 2, 3]), { equation: "iji->ij" }],
    [normal([2, 3]), normal([3, 2]), { equation: "ij,ji->ij" }],
    [normal([0, 2]), normal([2]), { equation: "ij,j" }],
  ]);
