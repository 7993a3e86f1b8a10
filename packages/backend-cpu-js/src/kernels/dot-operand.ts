import {
  type Affine,
  type Block,
  constantIndex,
  type DotKernel,
  type DotOperand,
  type IndexVariable,
  multiplyIndex,
  strideOf,
} from "@tenon/lowering";
import type { ModuleBuilder } from "../assembler/module.ts";
import type { Local } from "../assembler/values.ts";
import { LANES } from "../render/arithmetic.ts";
import type { LaneLoop } from "../render/body.ts";
import type { Cell, Node } from "../render/tape.ts";
import { mentions, type Variation, variationOf } from "../render/variation.ts";
import type { PanelBounds } from "./dot-loops.ts";
import { packFunction } from "./dot-pack.ts";
import type { Size } from "./stepping.ts";
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
    : (bounds) => packBlock(template, block, axes, shape, batch, bounds);
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
  const base = f.let(i32.add(template.slots.get(slot)!, first), "base");
  return ({ from, end, k, count, to }) => {
    const corner = i32.add(i32.add(base, i32.mul(batch, batchStep)), i32.mul(from, lineStep));
    const at = f.let(i32.add(corner, i32.mul(k, kStep)));
    f.call(copy, to, at, lineStep, kStep, i32.sub(end, from), count);
  };
}

/** Each element is computed by the block, four of them at once where what they load lies side by side. */
function packBlock(
  template: Template,
  block: Block,
  axes: OperandAxes,
  { width, bytes, type }: PanelShape,
  batch: Local<"i32">,
  bounds: PanelBounds,
): void {
  const alongLines = laneVariation(block, axes.line);
  const alongK = alongLines === undefined ? laneVariation(block, axes.k) : undefined;
  const store = bytes === 8 ? "f64.store" : type === "float32" ? "f32.store" : "i32.store";
  template.write([[axes.batch, batch]], (body, local) => {
    const { tape, lanes } = body;
    const int = (n: number): Node => lanes.i32(n);
    const sum = (a: Node, b: Node): Node => lanes.integer("add", a, b);
    const difference = (a: Node, b: Node): Node => lanes.integer("sub", a, b);
    const product = (a: Node, b: Node): Node => lanes.integer("mul", a, b);
    const [from, end, k, to] = [local(bounds.from), local(bounds.end), local(bounds.k), local(bounds.to)];
    const count = local(bounds.count);
    const kEnd = sum(k, count);
    const overhang = tape.pure("i32.rem_u", [difference(end, from), int(width)]);
    const padding = lanes.select(overhang, difference(int(width), overhang), overhang, "int32");

    const element = (open?: LaneLoop): Node => {
      const render = (): void => body.statements(block.statements);
      if (open === undefined) render();
      else body.within(open, render);
      const value = body.value(block.value);
      return open === undefined ? value : lanes.splat(value, type);
    };

    const line = tape.cell("i32", from);
    tape.loop(line, sum(end, padding), 1, (at) => {
      const place = difference(at, from);
      const inPanel = tape.pure("i32.rem_u", [place, int(width)]);
      const panels = product(difference(place, inPanel), count); // elements of the panels before
      const start = sum(to, product(sum(panels, inPanel), int(bytes)));
      const target = (step: Node): Node => sum(start, product(difference(step, k), int(width * bytes)));
      const steps = (by: number, write: (step: Node) => void, cell: Cell = tape.cell("i32", k)): Cell => {
        tape.loop(cell, difference(kEnd, int(by - 1)), by, (step) => {
          body.variables.set(axes.k, step);
          write(step);
        });
        return cell;
      };
      const open = (variable: IndexVariable, first: Node, variation: Variation): LaneLoop => ({
        variable,
        first,
        copies: 1,
        variation,
      });

      const computed = (): void => {
        body.variables.set(axes.line, at);
        const rest =
          alongK &&
          steps(LANES, (step) => {
            const vector = element(open(axes.k, step, alongK));
            for (let lane = 0; lane < LANES; lane++)
              tape.store("v128.store32_lane", [target(step), vector], lane, lane * width * bytes);
          });
        steps(1, (step) => tape.store(store, [target(step), element()], 0), rest);
      };
      const filled = (): void => {
        const zero = lanes.constant(type, 0);
        steps(1, (step) => tape.store(store, [target(step), zero], 0));
      };
      const one = (): void => tape.if(tape.pure("i32.lt_s", [at, end]), computed, { otherwise: filled, closed: true });
      if (alongLines === undefined) return one();

      const inside = tape.pure("i32.le_u", [inPanel, int(width - LANES)]);
      const there = tape.pure("i32.le_s", [sum(at, int(LANES)), end]);
      const four = (): void => {
        steps(1, (step) => tape.store("v128.store", [target(step), element(open(axes.line, at, alongLines))], 0));
        tape.set(line, sum(at, int(LANES - 1)));
      };
      tape.if(lanes.integer("and", inside, there), four, { otherwise: one, closed: true });
    });
  });
}

/** How a block varies along a variable, if four values of it are best computed at once: what it loads lies side by side. */
function laneVariation({ statements, value }: Block, variable: IndexVariable): Variation | undefined {
  const variation = variationOf(statements, variable);
  if (variation.problem !== undefined || value.type === "float64") return undefined;
  for (const s of statements) {
    if (s.kind !== "let" || variation.variables.size > 1) return undefined;
    if (s.value.kind !== "load" || !mentions(s.value.address, variation.variables)) continue;
    if (strideOf(s.value.address, variable) !== constantIndex(1)) return undefined;
  }
  return variation;
}
