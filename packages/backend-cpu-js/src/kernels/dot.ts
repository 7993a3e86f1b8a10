import type { DotKernel, Index } from "@tenon/lowering";
import type { ModuleBuilder } from "../assembler/module.ts";
import type { Func, Local } from "../assembler/values.ts";
import type { Target } from "../render/body.ts";
import { writeColumnSums, writeEpilogue } from "./dot-epilogue.ts";
import { type TileBounds, writeProduct } from "./dot-loops.ts";
import { type Packing, packingOf } from "./dot-operand.ts";
import { BLOCK_ROWS, type DotPlan, planDot } from "./dot-plan.ts";
import { tileFunction } from "./dot-tile.ts";
import { type Template, templateFunction } from "./template.ts";

/** Writes how the blocks of an operand are packed, where a kernel has a quicker way than from element to element. */
export type PackingWriter = (template: Template, plan: DotPlan, batch: Local<"i32">) => Packing;

/**
 * A matrix product with its epilogue, in tiles of packed panels. Operands that do not lie at constant distances are
 * computed as they are packed, so that a convolution is a product too and nothing but its panels is ever copied.
 */
export function renderDot(
  m: ModuleBuilder,
  kernel: DotKernel,
  target: Target,
  packA?: PackingWriter,
): Func<readonly []> {
  const { type, sizes } = kernel;
  const plan = planDot(kernel, target);
  const tile = tileFunction(m, type, target);
  return templateFunction(m, kernel, target, (template) => {
    const { f, scratch, begin, end } = template;
    const { i32, memory } = f;
    const [rows, columns, k] = template.sizes(sizes.rows, sizes.columns, sizes.k);
    const [depth, keptRows] = template.sizes(plan.depth, plan.keptRows);
    const place = (offset: Index): Local<"i32"> => f.let(i32.add(scratch, template.sizes(offset)[0]));
    const columnSums = plan.columnSums.map(place);
    for (const [i, { value }] of kernel.columnSums.entries())
      memory.fill(columnSums[i]!, 0, i32.mul(columns, value.type === "float64" ? 8 : 4));
    if (columnSums.length > 0) {
      f.set(begin, 0); // the one part that there is
      f.set(end, i32.div_u(i32.add(rows, BLOCK_ROWS - 1), BLOCK_ROWS));
    }

    const batch = f.local("i32");
    const packing = (operand: "a" | "b", line: "row" | "column", width: number) =>
      packingOf(
        m,
        template,
        kernel[operand],
        { batch: kernel.batch, line: kernel[line], k: kernel.k },
        { width, bytes: plan.tile.bytes, type },
        batch,
      );
    const product = {
      ...{ rows, columns, k, depth, keptRows },
      packedA: place(plan.packedA),
      packedB: place(plan.packedB),
      sums: place(plan.sums),
      packA: packA?.(template, plan, batch) ?? packing("a", "row", plan.tile.rows),
      packB: packing("b", "column", plan.tile.columns),
      finish: (bounds: TileBounds) => writeEpilogue(template, kernel, plan.tile, batch, bounds, columnSums),
    };
    writeProduct(f, tile, plan, product, { batch, begin, end });
    writeColumnSums(template, kernel, columns, columnSums);
  });
}
