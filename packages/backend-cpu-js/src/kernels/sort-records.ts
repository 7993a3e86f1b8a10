import type { ModuleBuilder } from "../assembler/module.ts";
import type { Func, Local } from "../assembler/values.ts";
import { sharedFunction } from "./shared.ts";
import { integers } from "./stepping.ts";

/**
 * `(from, to, bytes) → sorted`: a stable merge sort of `bytes` bytes of records, ascending by their first 64 bits, unsigned. `to` is
 * as much memory again; the sorted records lie at the one or the other address, which is the result. Runs of 1, 2, 4 …
 * records are merged in turn, without a branch that depends on the keys.
 */
export function sortFunction(m: ModuleBuilder, record: 8 | 16): Func<readonly ["i32"]> {
  const name = `sort ${record}-byte records`;
  const signature = { params: { from: "i32", to: "i32", bytes: "i32" }, results: ["i32"] } as const;
  return sharedFunction(m, name, () =>
    m.func(name, signature, (f, { from, to, bytes }) => {
      const { i32, i64 } = f;
      const [width, start, end, out, later] = integers(f, 5);
      const [left, leftEnd, right, rightEnd] = integers(f, 4);
      const [x, y] = [f.local("i64"), f.local("i64")];
      /** The end of the run at `first`, no farther than the last record. */
      const endRun = (last: Local<"i32">, first: Local<"i32">): void => {
        f.set(last, i32.sub(end, first));
        f.set(last, i32.add(first, f.select(width, last, i32.lt_u(width, last))));
      };
      const copyRest = (pointer: Local<"i32">, last: Local<"i32">): void => {
        f.block((none) => {
          f.brIf(none, i32.ge_u(pointer, last));
          f.loop((again) => {
            for (let at = 0; at < record; at += 8) i64.store(out, i64.load(pointer, at), at);
            f.set(out, i32.add(out, record));
            f.brIf(again, i32.lt_u(f.tee(pointer, i32.add(pointer, record)), last));
          });
        });
      };

      f.set(width, record);
      f.block((sorted) => {
        f.loop((pass) => {
          f.brIf(sorted, i32.ge_u(width, bytes));
          f.set(end, i32.add(from, bytes));
          f.set(start, from);
          f.set(out, to);
          f.loop((pair) => {
            f.set(left, start);
            endRun(leftEnd, left);
            f.set(right, leftEnd);
            endRun(rightEnd, right);
            f.block((one) => {
              f.brIf(one, i32.ge_u(right, rightEnd));
              f.loop((again) => {
                f.set(x, i64.load(left));
                f.set(y, i64.load(right));
                f.set(later, i64.lt_u(y, x)); // ties are taken from the left
                i64.store(out, f.select(y, x, later));
                if (record === 16) i64.store(out, i64.load(f.select(right, left, later), 8), 8);
                f.set(out, i32.add(out, record));
                f.set(right, i32.add(right, i32.mul(later, record)));
                f.set(left, i32.add(left, i32.mul(i32.eqz(later), record)));
                f.brIf(again, i32.and(i32.lt_u(left, leftEnd), i32.lt_u(right, rightEnd)));
              });
            });
            copyRest(left, leftEnd);
            copyRest(right, rightEnd);
            f.set(start, rightEnd);
            f.brIf(pair, i32.lt_u(start, end));
          });
          f.set(width, i32.shl(width, 1));
          f.set(start, from);
          f.set(from, to);
          f.set(to, start);
          f.br(pass);
        });
      });
      return from;
    }),
  ) as Func<readonly ["i32"]>;
}
