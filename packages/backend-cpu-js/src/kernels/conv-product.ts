import {
  addIndex,
  and,
  atMost,
  type ClaimedKernel,
  constantIndex,
  type DotKernel,
  type DotOperand,
  epilogueAt,
  equalIndex,
  type Flat,
  flattened,
  floorDiv,
  type Index,
  KernelWriter,
  lessThan,
  linearIn,
  modIndex,
  multiplyIndex,
  type Predicate,
  type Strided,
  subtractIndex,
} from "@tenon/lowering";

/** What `nn.conv` is told, but for what its operands' sizes say already. */
export interface ConvAttrs {
  readonly stride: readonly number[];
  readonly lo: readonly number[];
  readonly lhsDilation: readonly number[];
  readonly rhsDilation: readonly number[];
  readonly groups: number;
}

/**
 * A convolution as one product to a group: rows are places of the result, k the taps of the kernel with the channels under
 * them, and A the windows of x. Where neighbours in memory are not neighbouring channels but neighbouring examples, as x lies when it gives the
 * gradient of a kernel, examples are the innermost rows and channels the outermost of k.
 */
export interface ConvProduct {
  readonly kernel: DotKernel;
  /** Along which axis the elements of windows lie side by side. */
  readonly dense: "k" | "rows" | undefined;
}

export const convAttrs = ({ attrs }: Pick<ClaimedKernel, "attrs">): ConvAttrs => attrs as unknown as ConvAttrs;

const one = constantIndex(1);

export function convProduct(claimed: ClaimedKernel): ConvProduct {
  const [x, w] = claimed.inputs as readonly [Strided, Strided];
  const [y] = claimed.results;
  const attrs = convAttrs(claimed);
  const sizes = {
    examples: x.sizes[0]!,
    places: y!.axes.slice(1, -1).map(({ size }) => size),
    taps: w.sizes.slice(0, -2),
    channels: w.sizes.at(-2)!,
    results: floorDiv(w.sizes.at(-1)!, attrs.groups),
  };
  const isDense = (axis: number): boolean => x.sizes.at(axis) === one || x.strides.at(axis) === one;
  const dense = isDense(-1) ? "k" : isDense(0) ? "rows" : undefined;
  const byRows = dense === "rows";
  const batch = flattened("group", [constantIndex(attrs.groups)]);
  const row = flattened("row", byRows ? [...sizes.places, sizes.examples] : [sizes.examples, ...sizes.places]);
  const column = flattened("column", [sizes.results]);
  const k = flattened("k", byRows ? [sizes.channels, ...sizes.taps] : [...sizes.taps, sizes.channels]);
  const [first, last] = [row.index[0]!, row.index.at(-1)!];
  const [example, ...places] = byRows ? [last, ...row.index.slice(0, -1)] : [first, ...row.index.slice(1)];
  const channel = byRows ? k.index[0]! : k.index.at(-1)!;
  const taps = byRows ? k.index.slice(1) : k.index.slice(0, -1);
  const group = batch.index[0]!;
  const inGroup = (of: Index, size: Index): Index => addIndex(multiplyIndex(group, size), of);

  const result = inGroup(column.index[0]!, sizes.results);
  const seen = windowOf(x, attrs, places, taps);
  const at = [example!, ...seen.index, inGroup(channel, sizes.channels)];
  const given = y!.given;
  const kernel: DotKernel = {
    ...{ kind: "dot", name: claimed.name, slots: claimed.slots, scalars: claimed.scalars },
    ...{ batch: batch.variable, row: row.variable, column: column.variable, k: k.variable },
    sizes: { batch: batch.size, rows: row.size, columns: column.size, k: k.size },
    type: given.type as DotKernel["type"],
    ...{ dtype: "float32", mul: "same" },
    a: operand(x, at, seen.inside, [batch, row, k]),
    b: operand(w, [...taps, channel, result], undefined, [batch, column, k]),
    epilogue: epilogueAt(y!, [example!, ...places, result]),
    product: given,
    columnSums: [],
  };
  return { kernel, dense };
}

/** Where a tap of a window is in x, and whether an element is there and not a zero around or between. */
export function windowOf(
  { sizes }: Strided,
  { stride, lo, lhsDilation, rhsDilation }: ConvAttrs,
  places: readonly Index[],
  taps: readonly (Index | number)[],
): { readonly index: readonly Index[]; readonly inside: Predicate } {
  const conditions: Predicate[] = [];
  const index = places.map((place, i) => {
    const between = lhsDilation[i]!;
    const moved = addIndex(multiplyIndex(place, stride[i]!), multiplyIndex(taps[i]!, rhsDilation[i]!));
    const at = subtractIndex(moved, lo[i]!);
    const end = addIndex(multiplyIndex(addIndex(sizes[i + 1]!, -1), between), 1);
    conditions.push(atMost(0, at), lessThan(at, end), equalIndex(modIndex(at, between), 0));
    return floorDiv(at, between);
  });
  return { index, inside: and(...conditions) };
}

/** An operand of the product: the elements of a tensor at an index, and zeros elsewhere. */
function operand(
  { slot, start, strides }: Strided,
  index: readonly Index[],
  inside: Predicate | undefined,
  [batch, line, k]: readonly [Flat, Flat, Flat],
): DotOperand {
  const writer = new KernelWriter();
  const address = addIndex(start, ...index.map((x, axis) => multiplyIndex(x, strides[axis]!)));
  const value = writer.load(slot, address, inside);
  if (inside !== undefined) {
    const zero = writer.constant(value.type, 0);
    const element = writer.alu("select", [writer.test(inside), value, zero]);
    if (element !== value) return { block: writer.block(element), lies: undefined };
  }
  const lies = linearIn(address, [batch.variable, line.variable, k.variable]);
  const [b, l, s] = lies?.strides ?? [];
  return {
    block: writer.block(value),
    lies: lies && { slot, start: lies.start, strides: { batch: b!, line: l!, k: s! } },
  };
}
