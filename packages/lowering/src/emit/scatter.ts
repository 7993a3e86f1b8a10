import type { Tensor } from "@tenon/ir";
import type { Group } from "../fuse/group.ts";
import { indexOfDim } from "../index-expression.ts";
import type { AluOp } from "../kernel/kernel.ts";
import { wrapped } from "./convert.ts";
import { chosen } from "./elements.ts";
import type { Emitter } from "./emitter.ts";

const combines: Readonly<Record<string, AluOp | undefined>> = {
  add: "add",
  max: "maximum",
  min: "minimum",
  set: undefined,
};

/**
 * `y[b, p, i[b, j], q] = combine(x[…], u[b, p, j, q])`. One iteration owns all entries for its b, p and q: it copies them from x and
 * walks the indices in order, so that the result is the same in every run.
 */
export function emitScatter(group: Group, emitter: Emitter): void {
  const { writer } = emitter;
  const { inputs, outputs, attrs } = group.nodes[0]!;
  const [x, indices, updates] = inputs as readonly [Tensor, Tensor, Tensor];
  const { axis, batch } = attrs as unknown as { readonly axis: number; readonly batch: number };
  const result = outputs[0]!;
  const combine = combines[attrs.mode as string];
  const sizes = x.shape.map(indexOfDim);
  const size = sizes[axis]!;
  const index = sizes.map((s) => writer.axis("i", s));
  const owned = (list: typeof index): typeof index => list.toSpliced(axis, 1);
  const slot = emitter.slot(result, combine === undefined ? "write" : "both");
  writer.loops(owned(index), owned(sizes), "parallel", () => {
    writer.loop(index[axis]!, size, "parallel", () => emitter.store(result, index, x));
    const extents = indices.shape.slice(batch).map(indexOfDim);
    const entries = extents.map((s) => writer.axis("j", s));
    writer.loops(entries, extents, "serial", () => {
      const entry = emitter.value(indices, emitter.place([...index.slice(0, batch), ...entries]));
      const { at, inside } = chosen(writer, entry, size);
      const update = emitter.value(updates, emitter.place(index.toSpliced(axis, 1, ...entries)));
      const address = emitter.address(result, index.with(axis, at));
      writer.when(inside, () => {
        const value =
          combine === undefined
            ? update
            : wrapped(writer, x.dtype, writer.alu(combine, [writer.load(slot, address), update]));
        writer.store(slot, address, value);
      });
    });
  });
}
