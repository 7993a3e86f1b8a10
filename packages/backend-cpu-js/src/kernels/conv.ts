import { addIndex } from "@tenon/lowering";
import type { ClaimedOp } from "./claimed.ts";
import { convAttrs, convProduct } from "./conv-product.ts";
import { stripBytes, windowPacking } from "./conv-windows.ts";
import { renderDot } from "./dot.ts";
import { dotParts, dotScratchBytes } from "./dot-plan.ts";

/** Convolutions in float32, as products whose first factor is read from the windows while it is packed. */
export const conv: ClaimedOp = {
  accepts({ attrs, operands }) {
    const { lo, lhsDilation } = convAttrs({ attrs });
    const known = [...lo, operands[1]!.shape.at(-1)].every((n) => typeof n === "number");
    return operands[0]!.dtype === "float32" && known && lhsDilation.every((d) => d === 1);
  },
  scratchBytes(kernel, level) {
    const product = convProduct(kernel);
    return addIndex(dotScratchBytes(product.kernel, level), stripBytes(kernel, product));
  },
  write(m, kernel, target) {
    const product = convProduct(kernel);
    const func = renderDot(m, product.kernel, target, windowPacking(m, kernel, product));
    return { func, scratch: true, parts: dotParts(product.kernel) };
  },
};
