import {
  addIndex,
  constantIndex,
  type DotKernel,
  floorDiv,
  type Index,
  indexAxis,
  multiplyIndex,
  substituteIndex,
} from "@tenon/lowering";

/** The axes of a product, and addresses in them. */
export interface ProductAxes {
  readonly batch: Index;
  readonly row: Index;
  readonly column: Index;
  readonly k: Index;
  readonly sizes: DotKernel["sizes"];
  /** An address of the kernel in these axes. */
  at(address: Index): Index;
}

export const axesOf = ({ batch, row, column, k, sizes }: DotKernel): ProductAxes => ({
  ...{ batch, row, column, k, sizes },
  at: (address) => address,
});

const one = constantIndex(1);

/**
 * The same where rows are two axes in one that lie apart, such as examples and steps of texts: the outer one becomes the batch.
 * Undefined where they are not. The rows must be a multiple of the inner axis.
 */
export function splitAxesOf(kernel: DotKernel): ProductAxes | undefined {
  const { row, column, k, sizes, a } = kernel;
  const { value } = (a.unrounded ?? a).block;
  const inner = value.kind === "load" && sizes.batch === one ? divisorOf(value.address, row) : undefined;
  if (inner === undefined) return undefined;
  const outer = floorDiv(sizes.rows, inner);
  const [batch, line] = [indexAxis("outer", outer), indexAxis("inner", inner)];
  const whole = new Map<Index, Index>([[row, addIndex(multiplyIndex(batch, inner), line)]]);
  return {
    ...{ batch, row: line, column, k, sizes: { ...sizes, batch: outer, rows: inner } },
    at: (address) => substituteIndex(address, whole),
  };
}

/** What an address divides a variable by. */
function divisorOf(address: Index, variable: Index): Index | undefined {
  if (address.kind === "floordiv") return address.a === variable ? address.b : divisorOf(address.a, variable);
  const parts =
    address.kind === "sum" ? address.terms.map(({ of }) => of) : address.kind === "product" ? address.factors : [];
  for (const part of parts) {
    const found = divisorOf(part, variable);
    if (found !== undefined) return found;
  }
  return undefined;
}
