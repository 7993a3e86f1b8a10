import type { Tensor } from "../tensor.ts";
import { constantOp } from "./constant.ts";

/** Whether a cotangent is that of a result that nothing uses: the constant 0. */
export const isUnused = (dy: Tensor): boolean => dy.op === constantOp && dy.attrs.value === 0;
