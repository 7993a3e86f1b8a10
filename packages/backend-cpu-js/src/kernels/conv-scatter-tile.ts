import type { ModuleBuilder } from "../assembler/module.ts";
import type { Func } from "../assembler/values.ts";
import { type Level, multiplyPanels, tileShape, VECTORS, type Vector } from "./dot-tile.ts";
import { sharedFunction } from "./shared.ts";

/**
 * `(a, b, targets, offset, k)`: `C ← C + A·B` on one tile, packed as that of `tileFunction`, whose rows lie `offset` bytes behind
 * the addresses in `targets`.
 */
export function scatterTileFunction(m: ModuleBuilder, level: Level): Func<readonly []> {
  const name = "dot-tile scattered";
  return sharedFunction(m, `${name} ${level.relaxed}`, () => {
    const { rows } = tileShape("float32", level);
    const params = { a: "i32", b: "i32", targets: "i32", offset: "i32", k: "i32" } as const;
    return m.func(name, { params }, (f, { a, b, targets, offset, k }) => {
      const { i32, v128 } = f;
      const row = f.local("i32");
      const sums = Array.from({ length: rows }, () => VECTORS.map(() => f.local("v128")));
      const each = (body: (sum: Vector, place: number) => void): void => {
        for (const [i, pair] of sums.entries()) {
          f.set(row, i32.add(i32.load(targets, 4 * i), offset));
          for (const j of VECTORS) body(pair[j]!, 16 * j);
        }
      };
      each((sum, place) => f.set(sum, v128.load(row, place)));
      multiplyPanels(f, "float32", level, { a, b, k }, sums);
      each((sum, place) => v128.store(row, sum, place));
    });
  }) as Func<readonly []>;
}
