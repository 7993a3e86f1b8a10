import { addIndex, constantIndex } from "@tenon/lowering";
import { extentOf, renderLoops } from "../render/index.ts";
import type { ClaimedOp } from "./claimed.ts";
import { depthwiseLoops } from "./conv-depthwise.ts";
import { convAttrs, convProduct } from "./conv-product.ts";
import { renderScatter, scatterBytes, scatterOf, scatterParts } from "./conv-scatter.ts";
import { stripBytes, windowPacking } from "./conv-windows.ts";
import { renderDot } from "./dot.ts";
import { dotParts, dotScratchBytes } from "./dot-plan.ts";

/** So that what this shares with the backend lies in one file of a bundle with the rest of it. */
export { cpuJs } from "../backend.ts";

/**
 * Convolutions in float32: products whose first factor is read from the windows while it is packed, or, where windows see more zeros
 * than not, products of the image that are added where they belong; sums from tap to tap where no channel sees another.
 */
export const claimed: ClaimedOp = {
  accepts({ attrs, operands }) {
    const known = [...convAttrs({ attrs }).lo, operands[1]!.shape.at(-1)].every((n) => typeof n === "number");
    return operands[0]!.dtype === "float32" && known;
  },
  scratchBytes(kernel, level) {
    if (depthwiseLoops(kernel) !== undefined) return constantIndex(0);
    const product = convProduct(kernel);
    const scatter = scatterOf(kernel, product);
    if (scatter !== undefined) return scatterBytes(scatter, level);
    return addIndex(dotScratchBytes(product.kernel, level), stripBytes(kernel, product));
  },
  write(m, kernel, target) {
    const loops = depthwiseLoops(kernel);
    if (loops !== undefined) return { func: renderLoops(m, loops, target), scratch: false, parts: extentOf(loops) };
    const product = convProduct(kernel);
    const scatter = scatterOf(kernel, product);
    if (scatter !== undefined) {
      const func = renderScatter(m, product, kernel.inputs[1]!, scatter, target);
      return { func, scratch: true, parts: scatterParts(scatter) };
    }
    const func = renderDot(m, product.kernel, target, windowPacking(m, kernel, product));
    return { func, scratch: true, parts: dotParts(product.kernel) };
  },
};
