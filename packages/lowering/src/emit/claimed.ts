import type { Tensor } from "@tenon/ir";
import { siteOf } from "../expand.ts";
import type { Group } from "../fuse/group.ts";
import { addIndex, constantIndex, indexOfDim, indexVariable } from "../index-expression.ts";
import type { Index, IndexVariable } from "../index-node.ts";
import { always } from "../index-predicate.ts";
import type { ClaimedKernel, ClaimedResult, GivenValue, Statement, Strided } from "../kernel/kernel.ts";
import { valueTypeOf } from "../kernel/value-type.ts";
import { KernelWriter } from "../kernel/writer.ts";
import { wrapped } from "./convert.ts";
import { Emitter, type Memory } from "./emitter.ts";
import { linearIn, stridedRead } from "./strided.ts";

type Body<K> = Omit<K, "name" | "slots" | "scalars">;

/** A composite that the target keeps whole: where its operands lie, and what is done with its results. */
export function emitClaimed(group: Group, memory: Memory): Body<ClaimedKernel> {
  const anchor = group.nodes[0]!;
  const { op, version, attrs } = siteOf(anchor);
  const inputs = anchor.inputs.map((x) => operand(x, memory));
  const results = anchor.outputs.map((t) => resultOf(t, group, memory));
  return { kind: "claimed", op, version, attrs, inputs, results };
}

function operand(x: Tensor, memory: Memory): Strided {
  const { source, start, strides } = stridedRead(x);
  return {
    slot: new Emitter(new KernelWriter(), memory).slot(source, "read"),
    start: addIndex(start, memory.offsetOf(source)),
    sizes: x.shape.map(indexOfDim),
    strides,
  };
}

/** A result with all that the group makes of it: of the first one that are its other members. */
function resultOf(tensor: Tensor, group: Group, memory: Memory): ClaimedResult {
  const writer = new KernelWriter();
  const emitter = new Emitter(writer, memory);
  const sizes = tensor.shape.map(indexOfDim);
  const index = sizes.map((size) => writer.axis("i", size));
  const axes = index.map((at, i) => ({
    // an axis of one element stands in no expression
    variable: (at.kind === "variable" ? at : indexVariable(`one${i}`, 0, 1)) as IndexVariable,
    size: sizes[i]!,
  }));
  const given = writer.given(valueTypeOf(tensor.dtype));
  emitter.place(index).values.set(tensor, wrapped(writer, tensor.dtype, given));
  const own = group.axes.get(tensor.node)!;
  const variables = group.rows.map((_, row) => index[own.indexOf(row)]!);
  for (const t of group.outputs) {
    if (t.shape.includes(0) || (t.node === tensor.node ? t !== tensor : tensor.index > 0)) continue;
    const at = t === tensor ? index : group.axes.get(t.node)!.map((n) => (n < 0 ? constantIndex(0) : variables[n]!));
    emitter.store(t, at);
  }
  const epilogue = writer.statements;
  return { dtype: tensor.dtype, axes, given, epilogue, lies: storedAs(epilogue, given, index, sizes) };
}

/** Where the elements lie that an epilogue of one store puts there. */
function storedAs(
  [store, ...more]: readonly Statement[],
  given: GivenValue,
  index: readonly Index[],
  sizes: readonly Index[],
): Strided | undefined {
  if (store?.kind !== "store" || more.length > 0 || store.value !== given || store.mask !== always) return undefined;
  const lies = linearIn(store.address, index);
  return lies && { slot: store.slot, ...lies, sizes };
}
