import { type ConcreteType, type DType, dtypes, type Elements, isFloat, roundToDType } from "@tenon/ir";

/** Random choices that are the same for the same seed and name, on every machine. */
export class Draw {
  private state = 0x811c9dc5; // FNV-1a: its offset basis, and below its prime

  constructor(seed: number, name = "") {
    for (const letter of `${seed} ${name}`) this.state = Math.imul(this.state ^ letter.codePointAt(0)!, 0x01000193);
  }

  /** A number in [0, 1), by the finaliser of MurmurHash3. */
  unit(): number {
    this.state = (this.state + 0x9e3779b9) | 0; // 2^32 over the golden ratio: a step that visits every state
    let bits = Math.imul(this.state ^ (this.state >>> 16), 0x85ebca6b);
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
    return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `low` to `high`, both included. */
  integer(low: number, high: number): number {
    return low + Math.floor((high - low + 1) * this.unit());
  }

  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.integer(0, list.length - 1)]!;
  }

  /** Some of the list, in its order. */
  subset<T>(list: readonly T[]): T[] {
    return list.filter(() => this.chance(0.5));
  }

  shuffled<T>(list: readonly T[]): T[] {
    const order = [...list];
    for (let i = order.length - 1; i > 0; i--) {
      const j = this.integer(0, i);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    return order;
  }

  /** Elements of moderate size: floats of both signs around 0, small integers. */
  elements({ dtype, shape }: ConcreteType): Elements {
    const count = shape.reduce((n, size) => n * size, 1);
    return { dtype, shape, data: Float64Array.from({ length: count }, () => this.element(dtype)) };
  }

  private element(dtype: DType): number {
    if (isFloat(dtype)) return roundToDType(dtype, (this.unit() + this.unit() + this.unit() - 1.5) * 2);
    const { kind } = dtypes[dtype];
    return kind === "bool" ? this.integer(0, 1) : this.integer(kind === "unsigned" ? 0 : -9, 9);
  }
}
