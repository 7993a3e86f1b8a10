/** Weights and biases of 784-256-256-10 before the first step, with their shapes. */
export interface Parameter {
  readonly shape: readonly number[];
  readonly values: Float32Array<ArrayBuffer>;
}

/** What a step is given: pixels from 0 to 255 as float32, and classes. */
export interface Batch {
  readonly images: Float32Array<ArrayBuffer>;
  readonly labels: Int32Array<ArrayBuffer>;
}

export interface Job {
  readonly parameters: readonly Parameter[];
  readonly batches: readonly Batch[];
}

export const BATCH = 128;
export const PIXELS = 784;
export const CLASSES = 10;
export const ADAM = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8 } as const;

/** A library at the job. */
export interface Side {
  /** One training step on what the host holds; its loss, in nats. */
  step(batch: Batch): Promise<number>;
  /** What multiplies two matrices that the device holds, and reads the product. (n, n), (n, n) → (n, n) */
  product(n: number): () => Promise<ArrayLike<number>>;
}

/** Numbers in [0, 1) that are the same for each side. */
export function matrixOf(n: number, seed: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: n * n }, (_, i) => ((i * 37 + seed) % 101) / 101);
}
