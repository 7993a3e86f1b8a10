import type { FunctionBuilder } from "./function.ts";
import type { ModuleBuilder } from "./module.ts";
import type { Func, Local } from "./values.ts";

/** `y ← a·x + y` over `n` floats at the addresses `x` and `y`: four at a time, then the rest one by one. */
export function saxpy(m: ModuleBuilder): Func {
  return m.func("saxpy", { params: { n: "i32", a: "f32", x: "i32", y: "i32" } }, (f, { n, a, x, y }) => {
    const { i32, f32, f32x4, v128 } = f;
    const scale = f.let(f32x4.splat(a));
    const end = f.let(i32.add(x, i32.shl(n, 2)));
    const vectors = f.let(i32.add(x, i32.shl(i32.and(n, -4), 2)));

    upTo(f, vectors, [x, y], 16, () => v128.store(y, f32x4.add(f32x4.mul(scale, v128.load(x)), v128.load(y))));
    upTo(f, end, [x, y], 4, () => f32.store(y, f32.add(f32.mul(a, f32.load(x)), f32.load(y))));
  });
}

/** Runs `body` and advances the pointers by `step` bytes while the first one is below `end`. */
function upTo(
  f: FunctionBuilder,
  end: Local<"i32">,
  pointers: readonly Local<"i32">[],
  step: number,
  body: () => void,
) {
  const { i32 } = f;
  f.block((exit) => {
    f.brIf(exit, i32.ge_u(pointers[0]!, end));
    f.loop((again) => {
      body();
      for (const pointer of pointers) f.set(pointer, i32.add(pointer, step));
      f.brIf(again, i32.lt_u(pointers[0]!, end));
    });
  });
}

/** Rows and columns of a tile: 12 sums, 2 vectors of B and 1 of A fill the 15 registers that V8 leaves free. */
export const ROWS = 6;
export const COLUMNS = 8;
/** Steps of k in one round of the loop. */
const UNROLL = 4;

const range = (count: number): readonly number[] => [...Array(count).keys()];

/**
 * `C ← C + A·B` on a tile of C, 6×8, whose rows lie `stride` bytes apart. A is packed as (k, 6), B as (k, 8); `k` is a
 * positive multiple of 4. `relaxed` takes the fused multiply-add.
 */
export function gemmTile(m: ModuleBuilder, { relaxed }: { readonly relaxed: boolean }): Func {
  const params = { a: "i32", b: "i32", c: "i32", k: "i32", stride: "i32" } as const;
  return m.func("tile", { params }, (f, { a, b, c, k, stride }) => {
    const { i32, f32x4, v128 } = f;
    const madd = (x: Local<"v128">, y: Local<"v128">, sum: Local<"v128">) =>
      relaxed ? f32x4.relaxed_madd(x, y, sum) : f32x4.add(f32x4.mul(x, y), sum);
    const row = f.local("i32");
    const rows = (body: (i: number) => void) => {
      f.set(row, c);
      for (const i of range(ROWS)) {
        if (i > 0) f.set(row, i32.add(row, stride));
        body(i);
      }
    };

    const vectors = range(COLUMNS / 4);
    const sums: Local<"v128">[][] = [];
    rows((i) => (sums[i] = vectors.map((j) => f.let(v128.load(row, 16 * j)))));
    const bs = vectors.map(() => f.local("v128"));
    const av = f.local("v128");
    f.loop((again) => {
      for (const u of range(UNROLL)) {
        for (const j of vectors) f.set(bs[j]!, v128.load(b, 4 * COLUMNS * u + 16 * j));
        for (const i of range(ROWS)) {
          f.set(av, v128.load32_splat(a, 4 * (ROWS * u + i)));
          for (const j of vectors) f.set(sums[i]![j]!, madd(av, bs[j]!, sums[i]![j]!));
        }
      }
      f.set(a, i32.add(a, 4 * ROWS * UNROLL));
      f.set(b, i32.add(b, 4 * COLUMNS * UNROLL));
      f.brIf(again, f.tee(k, i32.sub(k, UNROLL)));
    });
    rows((i) => {
      for (const j of vectors) v128.store(row, sums[i]![j]!, 16 * j);
    });
  });
}

/** `tile` over `rowTiles`×`columnTiles` tiles: panels of A lie one after the other, and so do panels of B. */
export function gemmBlock(m: ModuleBuilder, tile: Func): Func {
  const params = {
    a: "i32",
    b: "i32",
    c: "i32",
    k: "i32",
    stride: "i32",
    rowTiles: "i32",
    columnTiles: "i32",
  } as const;
  return m.func("block", { params }, (f, { a, b, c, k, stride, rowTiles, columnTiles }) => {
    const { i32 } = f;
    const [i, panel, corner] = [f.local("i32"), f.local("i32"), f.local("i32")];
    f.loop((nextColumn) => {
      f.set(i, rowTiles);
      f.set(panel, a);
      f.set(corner, c);
      f.loop((nextRow) => {
        f.call(tile, panel, b, corner, k, stride);
        f.set(panel, i32.add(panel, i32.mul(k, 4 * ROWS)));
        f.set(corner, i32.add(corner, i32.mul(stride, ROWS)));
        f.brIf(nextRow, f.tee(i, i32.sub(i, 1)));
      });
      f.set(b, i32.add(b, i32.mul(k, 4 * COLUMNS)));
      f.set(c, i32.add(c, 4 * COLUMNS));
      f.brIf(nextColumn, f.tee(columnTiles, i32.sub(columnTiles, 1)));
    });
  });
}
