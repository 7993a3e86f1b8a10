import { Fn, type Tensor, topologicalOrder, withTrace } from "@tenon/ir";
import { expand } from "../expand.ts";
import { fuse } from "../fuse/fuse.ts";
import { withIndexScope } from "../index-node.ts";
import { kernelText } from "../kernel/text.ts";
import { loadParts } from "../parts.ts";
import { simplify } from "../simplify.ts";
import { type EmitOptions, emitGroup } from "./emit.ts";

await loadParts();

export interface KernelOptions extends Partial<EmitOptions> {
  readonly fusion?: boolean;
}

/** The kernels that compute tensors from the leaves that they are made of, as text. */
export function kernelsOf(make: () => readonly Tensor[], options: KernelOptions = {}): readonly string[] {
  const { fusion = true, templates = new Set(), offsetOf } = options;
  return withIndexScope(() =>
    withTrace(() => {
      const results = make();
      const inputs = topologicalOrder(results).flatMap(({ op, outputs }) => (op.kind === "leaf" ? outputs : []));
      const fn = simplify(expand(new Fn("kernels", inputs, results)));
      const fused = fuse(fn, { templates, maxBuffers: Infinity, smallBytes: 0, fusion, needed: fn.results });
      return fused.groups.map((group) =>
        kernelText(emitGroup(group, fused.stored, { templates, ...(offsetOf && { offsetOf }) }).kernel),
      );
    }),
  );
}
