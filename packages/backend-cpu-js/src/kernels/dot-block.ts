import type { Block, IndexVariable } from "@tenon/lowering";
import type { Local } from "../assembler/values.ts";
import { LANES } from "../render/arithmetic.ts";
import { storeOne } from "../render/memory.ts";
import { blockStride, evenStride } from "../render/stride.ts";
import type { Cell, Node } from "../render/tape.ts";
import { mentions, type Variation, variationOf } from "../render/variation.ts";
import type { PanelBounds } from "./dot-loops.ts";
import type { OperandAxes, PanelShape } from "./dot-operand.ts";
import type { Template } from "./template.ts";

/** Packs an operand that does not lie at constant distances: each element is computed by the block, four of them at once where what they load lies side by side. */
export function packBlock(
  template: Template,
  block: Block,
  axes: OperandAxes,
  { width, bytes, type }: PanelShape,
  batch: Local<"i32">,
  { from, end, k, count, to }: PanelBounds,
): void {
  const { i32, memory } = template.f;
  const lines = template.f.let(i32.sub(end, from));
  const inLast = template.f.let(i32.rem_u(lines, width)); // lines of the last panel, 0 of a whole one
  template.f.if(inLast, () => {
    const before = i32.mul(i32.sub(lines, inLast), i32.mul(count, bytes));
    memory.fill(i32.add(to, before), 0, i32.mul(count, width * bytes));
  });

  // blocks begin at multiples of 4 lines and steps, though panels may not
  const evenPanels = width % LANES === 0;
  const alongLines = laneVariation(block, axes.line, evenPanels);
  const alongK = alongLines === undefined ? laneVariation(block, axes.k, true) : undefined;
  template.write([[axes.batch, batch]], (body, local) => {
    const { tape, lanes } = body;
    const int = (n: number): Node => lanes.i32(n);
    const sum = (a: Node, b: Node): Node => lanes.integer("add", a, b);
    const difference = (a: Node, b: Node): Node => lanes.integer("sub", a, b);
    const product = (a: Node, b: Node): Node => lanes.integer("mul", a, b);
    const [first, last, steps] = [local(k), sum(local(k), local(count)), local(count)];
    const line = tape.cell("i32", local(from));
    tape.loop(line, local(end), 1, (at) => {
      const place = difference(at, local(from));
      const inPanel = tape.pure("i32.rem_u", [place, int(width)]);
      const panels = product(difference(place, inPanel), steps); // elements of the panels before
      const start = sum(local(to), product(sum(panels, inPanel), int(bytes)));
      /** Runs `write` on each step of k and where its element goes, or on every `by` of them, as far as `by` are left. */
      const along = (by: number, write: (to: Node, step: Node) => void, cell = tape.cell("i32", first)): Cell => {
        tape.loop(cell, difference(last, int(by - 1)), by, (step) => {
          body.variables.set(axes.k, step);
          write(sum(start, product(difference(step, first), int(width * bytes))), step);
        });
        return cell;
      };
      const element = (): Node => {
        body.statements(block.statements);
        return body.value(block.value);
      };
      const four = (variable: IndexVariable, lane: Node, variation: Variation, aligned: boolean): Node => {
        body.within({ variable, first: lane, copies: 1, variation, aligned }, () => body.statements(block.statements));
        return lanes.splat(body.value(block.value), type);
      };

      const oneLine = (): void => {
        body.variables.set(axes.line, at);
        const fours =
          alongK &&
          along(LANES, (target, step) => {
            const vector = four(axes.k, step, alongK, true);
            for (let lane = 0; lane < LANES; lane++)
              tape.store("v128.store32_lane", [target, vector], lane, lane * width * bytes);
          });
        along(1, (target) => storeOne(lanes, type, { pointer: target, offset: 0 }, element()), fours);
      };
      if (alongLines === undefined) return oneLine();
      const inOnePanel = tape.pure("i32.le_u", [inPanel, int(width - LANES)]);
      const there = tape.pure("i32.le_s", [sum(at, int(LANES)), local(end)]);
      const fourLines = (): void => {
        along(1, (target) => tape.store("v128.store", [target, four(axes.line, at, alongLines, evenPanels)], 0));
        tape.set(line, sum(at, int(LANES - 1)));
      };
      tape.if(lanes.integer("and", inOnePanel, there), fourLines, { otherwise: oneLine, closed: true });
    });
  });
}

/**
 * How a block varies along a variable, if four values of it are best computed at once, the first of them a multiple of four
 * where they are `aligned`: what it loads lies side by side, or in one place.
 */
function laneVariation({ statements, value }: Block, variable: IndexVariable, aligned: boolean): Variation | undefined {
  const variation = variationOf(statements, variable);
  if (variation.apart || value.type === "float64") return undefined;
  const strideOf = aligned ? blockStride : evenStride;
  for (const s of statements) {
    if (s.kind !== "let") return undefined;
    if (s.value.kind !== "load" || !mentions(s.value.address, variation.variables)) continue;
    const stride = strideOf(s.value.address, variable, variation.variables);
    if (stride !== 0 && stride !== 1) return undefined;
  }
  return variation;
}
