import type { HostKey, Tensor } from "@tenon/tensor";

export const sizeOf = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1);

/** An initialiser that summaries call by a name with its settings. */
export function named(
  name: string,
  initializer: (key: HostKey, shape: readonly number[]) => Tensor,
): (key: HostKey, shape: readonly number[]) => Tensor {
  return Object.defineProperty(initializer, "name", { value: name });
}
