import { type Affine, type DotKernel, type DotOperand, type IndexVariable, multiplyIndex } from "@tenon/lowering";
import type { ModuleBuilder } from "../assembler/module.ts";
import type { Local } from "../assembler/values.ts";
import type { Size } from "../index-code.ts";
import { rare } from "../parts.ts";
import type { PanelBounds } from "./dot-loops.ts";
import { packFunction } from "./dot-pack.ts";
import type { Template } from "./template.ts";

/** The variables of an operand: which product, which line, and the step of k. */
export type OperandAxes = Readonly<Record<"batch" | "line" | "k", IndexVariable>>;

export interface PanelShape {
  /** Lines in a panel. */
  readonly width: number;
  /** Of an element. */
  readonly bytes: number;
  readonly type: DotKernel["type"];
}

/** Writes the packing of an operand's blocks. */
export type Packing = (bounds: PanelBounds) => void;

/** How an operand is packed; what is the same for all its blocks is computed here. */
export function packingOf(
  m: ModuleBuilder,
  template: Template,
  { block, lies }: DotOperand,
  axes: OperandAxes,
  shape: PanelShape,
  batch: Local<"i32">,
): Packing {
  return lies !== undefined && lies.slot.dtype === shape.type
    ? packingOfAffine(m, template, lies, shape, batch)
    : (bounds) => rare.now.packBlock(template, block, axes, shape, batch, bounds);
}

/** Elements at constant distances are copied by a function that all kernels share. */
function packingOfAffine(
  m: ModuleBuilder,
  template: Template,
  { slot, start, strides }: Affine,
  { width, bytes }: PanelShape,
  batch: Local<"i32">,
): Packing {
  const { f } = template;
  const { i32 } = f;
  const copy = packFunction(m, width, bytes);
  const inBytes = [start, strides.batch, strides.line, strides.k].map((x) => multiplyIndex(x, bytes));
  const [first, batchStep, lineStep, kStep] = template.sizes(...inBytes) as readonly [Size, Size, Size, Size];
  const base = f.let(i32.add(template.slots.get(slot)!, first));
  return ({ from, end, k, count, to }) => {
    const corner = i32.add(i32.add(base, i32.mul(batch, batchStep)), i32.mul(from, lineStep));
    const at = f.let(i32.add(corner, i32.mul(k, kStep)));
    f.call(copy, to, at, lineStep, kStep, i32.sub(end, from), count);
  };
}
