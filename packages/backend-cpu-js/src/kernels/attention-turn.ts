import type { ModuleBuilder } from "../assembler/module.ts";
import type { Func } from "../assembler/values.ts";
import { turned } from "./conv-pack-places.ts";
import { sharedFunction } from "./shared.ts";
import { stepping } from "./stepping.ts";

/**
 * `(to, from, divisors, columns, rowBytes)`: eight rows of `columns` elements that lie `rowBytes` apart, from columns of eight elements
 * that follow each other; where they are to be `divided`, each by the divisor of its row. Rows are written in vectors of four.
 */
export function turnBack(m: ModuleBuilder, divided: boolean): Func<readonly []> {
  const name = `attention-turn${divided ? " divided" : ""}`;
  const params = { to: "i32", from: "i32", divisors: "i32", columns: "i32", rowBytes: "i32" } as const;
  return sharedFunction(m, name, () =>
    m.func(name, { params }, (f, { to, from, divisors, columns, rowBytes }) => {
      const { i32, v128, f32x4 } = f;
      const halves = [0, 16].map((half) => (divided ? f.let(v128.load(divisors, half)) : undefined));
      const [column, row] = [f.local("i32"), f.local("i32")];
      stepping(f, column, { from: 0, end: columns, step: 4 }, () => {
        f.set(row, to);
        for (const [i, divisor] of halves.entries()) {
          const lines = [0, 1, 2, 3].map((n) => {
            const line = v128.load(from, 32 * n + 16 * i);
            return f.let(divisor === undefined ? line : f32x4.div(line, divisor));
          });
          for (const vector of turned(f, lines)) {
            v128.store(row, vector);
            f.set(row, i32.add(row, rowBytes));
          }
        }
        f.set(from, i32.add(from, 128));
        f.set(to, i32.add(to, 16));
      });
    }),
  ) as Func<readonly []>;
}

/**
 * `(to, from, rows, blockBytes)`: rows of eight elements in blocks of eight, each block turned; blocks come to lie `blockBytes`
 * apart.
 */
export function turnBlocks(m: ModuleBuilder): Func<readonly []> {
  const name = "attention-turn blocks";
  const params = { to: "i32", from: "i32", rows: "i32", blockBytes: "i32" } as const;
  return sharedFunction(m, name, () =>
    m.func(name, { params }, (f, { to, from, rows, blockBytes }) => {
      const { i32, v128 } = f;
      const row = f.local("i32");
      stepping(f, row, { from: 0, end: rows, step: 8 }, () => {
        for (const half of [0, 1])
          for (const side of [0, 1]) {
            const lines = [0, 1, 2, 3].map((n) => f.let(v128.load(from, 32 * (4 * half + n) + 16 * side)));
            for (const [n, vector] of turned(f, lines).entries())
              v128.store(to, vector, 32 * (4 * side + n) + 16 * half);
          }
        f.set(from, i32.add(from, 256));
        f.set(to, i32.add(to, blockBytes));
      });
    }),
  ) as Func<readonly []>;
}
