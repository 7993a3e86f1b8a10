import { expect, test } from "vitest";
import { engine, run } from "./engine.test-kit.ts";
import { features } from "./features.ts";
import { COLUMNS, gemmBlock, gemmTile, ROWS, saxpy } from "./kernels.test-kit.ts";
import { ModuleBuilder } from "./module.ts";

const memory = new engine.Memory({ initial: 16 });
const floats = new Float32Array(memory.buffer);

/** Whole numbers, so that sums are exact and mul+add and madd agree. */
const small = (i: number) => ((i * 37) % 17) - 8;

/** A module with the functions that `write` gives, over the memory of this file. */
function kernels(write: (m: ModuleBuilder) => void) {
  const m = new ModuleBuilder();
  m.importMemory("host", "memory", { initial: 1 });
  write(m);
  return run(m.toBytes(), { host: { memory } });
}

test.each([0, 1, 3, 4, 5, 64, 67])(
  "saxpy of %i floats is that of a JavaScript loop, and writes nothing beyond",
  (n) => {
    const exports = kernels((m) => m.export("saxpy", saxpy(m)));
    for (let i = 0; i < 100; i++) [floats[i], floats[100 + i]] = [small(i), small(i + 5)];
    exports.saxpy!(n, 0.5, 0, 400);
    const expected = Array.from({ length: 100 }, (_, i) => (i < n ? 0.5 * small(i) : 0) + small(i + 5));
    expect([...floats.subarray(100, 200)]).toEqual(expected);
  },
);

test.each([false, true].filter((relaxed) => !relaxed || features().relaxed))(
  "a product of packed panels in 6×8 tiles is that of a JavaScript loop (relaxed: %s)",
  (relaxed) => {
    const exports = kernels((m) => m.export("block", gemmBlock(m, gemmTile(m, { relaxed }))));
    const [rowTiles, columnTiles, k] = [3, 2, 20];
    const [rows, columns] = [rowTiles * ROWS, columnTiles * COLUMNS];
    const [a, b, c] = [0, 1000, 2000]; // in floats
    const [x, y] = [(i: number, p: number) => small(i * k + p), (p: number, j: number) => small(p * columns + j + 3)];
    for (let i = 0; i < rows; i++)
      for (let p = 0; p < k; p++) floats[a + Math.floor(i / ROWS) * ROWS * k + p * ROWS + (i % ROWS)] = x(i, p);
    for (let j = 0; j < columns; j++)
      for (let p = 0; p < k; p++)
        floats[b + Math.floor(j / COLUMNS) * COLUMNS * k + p * COLUMNS + (j % COLUMNS)] = y(p, j);
    floats.fill(1, c, c + rows * columns);

    exports.block!(4 * a, 4 * b, 4 * c, k, 4 * columns, rowTiles, columnTiles);

    const expected = Array.from({ length: rows * columns }, (_, at) => {
      const [i, j] = [Math.floor(at / columns), at % columns];
      let sum = 1;
      for (let p = 0; p < k; p++) sum += x(i, p) * y(p, j);
      return sum;
    });
    expect([...floats.subarray(c, c + rows * columns)]).toEqual(expected);
  },
);
