import { type HostKey, type Tensor, tensor } from "@tenon/tensor";
import { checkNumber } from "../check.ts";
import { named, sizeOf } from "./values.ts";

/** Zero everywhere. */
export function zeros(_key: HostKey, shape: readonly number[]): Tensor {
  return tensor(new Float32Array(sizeOf(shape)), { shape });
}

/** One everywhere. */
export function ones(_key: HostKey, shape: readonly number[]): Tensor {
  return tensor(new Float32Array(sizeOf(shape)).fill(1), { shape });
}

/** One number everywhere: `constant(0.1)`. */
export function constant(value: number): (key: HostKey, shape: readonly number[]) => Tensor {
  checkNumber("constant", "value", value, -Infinity, Infinity);
  return named(`constant(${value})`, (_key, shape) => tensor(new Float32Array(sizeOf(shape)).fill(value), { shape }));
}
