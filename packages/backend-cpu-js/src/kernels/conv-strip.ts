import type { ModuleBuilder } from "../assembler/module.ts";
import type { Func } from "../assembler/values.ts";
import { sharedFunction } from "./shared.ts";
import { integers } from "./stepping.ts";

/**
 * `(to, example, row, count, rows, height, above, before, bytes, after, stepRow, stepExample)`: copies `count` rows of images with
 * zeros around them. An image has `rows` rows in all, of which `height` lie in memory behind the first `above`; a row is `before` bytes
 * of zeros, `bytes` of the image and `after` of zeros. `row` is the first row of the image at `example`; further images follow.
 */
export function stripFunction(m: ModuleBuilder): Func<readonly []> {
  const name = "conv-strip";
  const params = Object.fromEntries(
    [
      ...(["to", "example", "row", "count", "rows", "height", "above"] as const),
      ...(["before", "bytes", "after", "stepRow", "stepExample"] as const),
    ].map((word) => [word, "i32"]),
  ) as Readonly<Record<"to" | "example" | "row" | "count" | "rows" | "height" | "above", "i32">> &
    Readonly<Record<"before" | "bytes" | "after" | "stepRow" | "stepExample", "i32">>;
  return sharedFunction(m, name, () =>
    m.func(name, { params }, (f, p) => {
      const { i32, memory } = f;
      const [line, length] = integers(f, 2);
      f.set(length, i32.add(i32.add(p.before, p.bytes), p.after));
      f.block((exit) => {
        f.loop((next) => {
          f.brIf(exit, i32.le_s(p.count, 0));
          f.set(line, i32.sub(p.row, p.above));
          f.if(
            i32.lt_u(line, p.height),
            () => {
              f.if(p.before, () => memory.fill(p.to, 0, p.before));
              memory.copy(i32.add(p.to, p.before), i32.add(p.example, i32.mul(line, p.stepRow)), p.bytes);
              f.if(p.after, () => memory.fill(i32.add(i32.add(p.to, p.before), p.bytes), 0, p.after));
            },
            () => memory.fill(p.to, 0, length),
          );
          f.set(p.to, i32.add(p.to, length));
          f.set(p.count, i32.sub(p.count, 1));
          f.set(p.row, i32.add(p.row, 1));
          f.if(i32.eq(p.row, p.rows), () => {
            f.set(p.row, 0);
            f.set(p.example, i32.add(p.example, p.stepExample));
          });
          f.br(next);
        });
      });
    }),
  ) as Func<readonly []>;
}
