import { debugs } from "@tenon/backend";
import type { Memory } from "../memory.ts";
import { firstLine, isFailure, type NativeDevice } from "../native.ts";
import { type Keep, type ProductOptions, Products } from "./products.ts";

/** The products of a device by cuBLASLt; undefined where it is not installed, or does not take the device: then kernels of our own serve. */
export function openProducts(
  device: NativeDevice,
  memory: Memory,
  keep: Keep,
  options: ProductOptions,
): Products | undefined {
  try {
    return new Products(device, memory, keep, options);
  } catch (error) {
    if (!isFailure(error) && !(error instanceof Error && "tried" in error)) throw error;
    if (debugs("kernels")) console.error(`products: kernels of our own, since ${firstLine(error)}`);
    return undefined;
  }
}
