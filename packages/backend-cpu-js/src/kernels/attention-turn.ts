import type { ModuleBuilder } from "../assembler/module.ts";
import type { Func } from "../assembler/values.ts";
import { turned } from "./conv-pack-places.ts";
import { sharedFunction } from "./shared.ts";
import { stepping } from "./stepping.ts";

/**
 * `(to, from, divisors, columns, rowBytes)`: eight rows of `columns` elements that lie `rowBytes` apart, from columns of eight elements
 * that follow each other, each divided by the divisor of its row. Rows are written in vectors of four.
 */
export function turnBack(m: ModuleBuilder): Func<readonly []> {
  const name = "attention-turn";
  const params = { to: "i32", from: "i32", divisors: "i32", columns: "i32", rowBytes: "i32" } as const;
  return sharedFunction(m, name, () =>
    m.func(name, { params }, (f, { to, from, divisors, columns, rowBytes }) => {
      const { i32, v128, f32x4 } = f;
      const halves = [0, 16].map((half) => f.let(v128.load(divisors, half)));
      const [column, row] = [f.local("i32"), f.local("i32")];
      stepping(f, column, { from: 0, end: columns, step: 4 }, () => {
        f.set(row, to);
        for (const [i, divisor] of halves.entries()) {
          const lines = [0, 1, 2, 3].map((n) => f.let(f32x4.div(v128.load(from, 32 * n + 16 * i), divisor)));
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
