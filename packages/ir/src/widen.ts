import { accumulator, isFloat } from "./dtype.ts";
import { convertTo } from "./promote.ts";
import type { Tensor } from "./tensor.ts";

/** The tensor in the dtype in which sums and squares of it are computed: float32 for the 16-bit floats, else its own. */
export const widen = (x: Tensor): Tensor => convertTo(x, accumulator(x.dtype));

/** The tensor as floats: integers and bool become float32. */
export const toFloat = (x: Tensor): Tensor => (isFloat(x.dtype) ? x : convertTo(x, "float32"));
