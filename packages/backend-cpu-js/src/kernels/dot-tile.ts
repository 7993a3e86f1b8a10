import type { DotKernel } from "@tenon/lowering";
import type { FunctionBuilder } from "../assembler/function.ts";
import type { ModuleBuilder } from "../assembler/module.ts";
import type { Expression, Func, Local } from "../assembler/values.ts";
import { sharedFunction } from "./shared.ts";

/** What the processor is asked for. */
export interface Level {
  /** Fused multiply-adds: twice as fast, and their last bit is the processor's affair. */
  readonly relaxed: boolean;
}

/** How the sums of a product are computed: `rows` × `columns` of them at a time, each of `bytes` bytes. */
export interface TileShape {
  readonly rows: number;
  /** As many as two vectors hold. */
  readonly columns: number;
  readonly bytes: number;
  readonly bytesLog2: number;
}

/** A row of a tile: two vectors. */
export const ROW_BYTES = 32;
export const VECTORS = [0, 1];

/**
 * V8 leaves 15 vector registers free. A fused multiply-add fills them with 6 rows (12 sums, 2 vectors of B and 1 of A);
 * where the product needs a register of its own, 4 are as fast as 5.
 */
export function tileShape(type: DotKernel["type"], level: Level): TileShape {
  const bytesLog2 = type === "float64" ? 3 : 2;
  const rows = type === "float32" && level.relaxed ? 6 : 4;
  return { rows, columns: ROW_BYTES >> bytesLog2, bytes: 1 << bytesLog2, bytesLog2 };
}

export type Vector = Local<"v128">;

/** `x·y + sum` on vectors. */
function multiplyAdd(f: FunctionBuilder, type: DotKernel["type"], { relaxed }: Level) {
  const { f32x4, f64x2, i32x4 } = f;
  if (type === "float32" && relaxed) return (x: Vector, y: Vector, sum: Vector) => f32x4.relaxed_madd(x, y, sum);
  const lanes = type === "float32" ? f32x4 : type === "float64" ? f64x2 : i32x4;
  return (x: Vector, y: Vector, sum: Vector): Expression<"v128"> => lanes.add(lanes.mul(x, y), sum);
}

/** Adds the products of `k` steps of two packed panels to the sums of a tile. */
export function multiplyPanels(
  f: FunctionBuilder,
  type: DotKernel["type"],
  level: Level,
  { a, b, k }: Readonly<Record<"a" | "b" | "k", Local<"i32">>>,
  sums: readonly (readonly Vector[])[],
): void {
  const { i32, v128 } = f;
  const { rows, bytes } = tileShape(type, level);
  const madd = multiplyAdd(f, type, level);
  const splat = bytes === 8 ? v128.load64_splat : v128.load32_splat;
  const bs = VECTORS.map(() => f.local("v128"));
  const av = f.local("v128");
  // one step of k in a round is as fast as several
  f.block((exit) => {
    f.brIf(exit, i32.eqz(k));
    f.loop((again) => {
      for (const j of VECTORS) f.set(bs[j]!, v128.load(b, 16 * j));
      for (const [i, row] of sums.entries()) {
        f.set(av, splat.call(v128, a, bytes * i));
        for (const j of VECTORS) f.set(row[j]!, madd(av, bs[j]!, row[j]!));
      }
      f.set(a, i32.add(a, bytes * rows));
      f.set(b, i32.add(b, ROW_BYTES));
      f.brIf(again, f.tee(k, i32.sub(k, 1)));
    });
  });
}

/**
 * `(a, b, c, k, fresh)`: `C ← C + A·B` on one tile, where `fresh` ≠ 0 takes C as 0. A is packed as (k, rows), B as
 * (k, columns); the rows of C follow each other.
 */
export function tileFunction(m: ModuleBuilder, type: DotKernel["type"], level: Level): Func<readonly []> {
  const integer = type === "int32" || type === "uint32"; // whose products and sums have the same bits
  const name = `dot-tile ${integer ? "int32" : type}`;
  return sharedFunction(m, `${name} ${level.relaxed}`, () => {
    const { rows } = tileShape(type, level);
    const params = { a: "i32", b: "i32", c: "i32", k: "i32", fresh: "i32" } as const;
    return m.func(name, { params }, (f, { a, b, c, k, fresh }) => {
      const { i32, v128 } = f;
      const sums = Array.from({ length: rows }, () => VECTORS.map(() => f.local("v128")));
      const each = (body: (sum: Vector, offset: number) => void): void => {
        for (const [i, row] of sums.entries()) for (const j of VECTORS) body(row[j]!, ROW_BYTES * i + 16 * j);
      };

      f.if(i32.eqz(fresh), () => each((sum, offset) => f.set(sum, v128.load(c, offset))));
      multiplyPanels(f, type, level, { a, b, k }, sums);
      each((sum, offset) => v128.store(c, sum, offset));
    });
  }) as Func<readonly []>;
}
