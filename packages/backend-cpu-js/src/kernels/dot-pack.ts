import type { FunctionBuilder } from "../assembler/function.ts";
import type { ModuleBuilder } from "../assembler/module.ts";
import type { Expression, Func, Local } from "../assembler/values.ts";
import { sharedFunction } from "./shared.ts";
import { atMost, stepping } from "./stepping.ts";

type Int = Local<"i32">;
type Vector = Expression<"v128">;

/** Panels that are copied at once: their rows fill two cache lines. */
const PANELS = 4;

/**
 * `(to, from, line, step, lines, k)`: copies elements that lie `line` bytes apart from line to line and `step` bytes from k to
 * k into panels of `width` lines, each (k, width). The last panel is filled up with zeros.
 */
export function packFunction(m: ModuleBuilder, width: number, bytes: number): Func<readonly []> {
  const name = `dot-pack ${width}×${8 * bytes} bits`;
  const params = { to: "i32", from: "i32", line: "i32", step: "i32", lines: "i32", k: "i32" } as const;
  return sharedFunction(m, name, () =>
    m.func(name, { params }, (f, { to, from, line, step, lines, k }) => {
      const { i32 } = f;
      const done = f.local("i32"); // steps of k that a quick way has copied
      const [p, q] = [f.local("i32"), f.local("i32")];
      const panel = f.let(i32.mul(k, width * bytes));
      const advance = (panels: number): void => {
        f.set(from, i32.add(from, i32.mul(line, panels * width)));
        f.set(to, i32.add(to, i32.mul(panel, panels)));
        f.set(lines, i32.sub(lines, panels * width));
      };
      f.if(i32.eq(line, bytes), () => {
        f.block((few) => {
          f.loop((next) => {
            f.brIf(few, i32.lt_s(lines, PANELS * width));
            f.set(p, from);
            f.set(q, to);
            copyRows(f, p, q, step, width * bytes, k, panel, PANELS);
            advance(PANELS);
            f.br(next);
          });
        });
      });
      f.block((exit) => {
        f.loop((next) => {
          f.brIf(exit, i32.le_s(lines, 0));
          f.set(done, 0);
          f.if(i32.ge_s(lines, width), () => {
            f.if(
              i32.eq(line, bytes),
              () => {
                f.set(p, from);
                f.set(q, to);
                copyRows(f, p, q, step, width * bytes, k, panel, 1);
                f.set(done, k);
              },
              () => {
                if (bytes !== 4) return;
                f.if(i32.eq(step, bytes), () => {
                  for (let i = 0; i < width; i += 4) {
                    f.set(p, i32.add(from, i32.mul(line, i)));
                    f.set(q, i32.add(to, i * bytes));
                    transpose(f, p, q, line, Math.min(4, width - i), width * bytes, k);
                  }
                  f.set(done, i32.and(k, -4));
                });
              },
            );
          });
          f.if(i32.lt_s(done, k), () => copyElements(f, { to, from, line, step, lines, k, done }, width, bytes));
          advance(1);
          f.br(next);
        });
      });
    }),
  ) as Func<readonly []>;
}

/** Runs `body` for as long as `count` steps of `by` are left. */
export function counted(f: FunctionBuilder, count: Int, by: number, body: () => void): void {
  const { i32 } = f;
  const left = f.let(count);
  f.block((exit) => {
    f.brIf(exit, i32.lt_s(left, by));
    f.loop((again) => {
      body();
      f.brIf(again, i32.ge_s(f.tee(left, i32.sub(left, by)), by));
    });
  });
}

/** Lines side by side: each step of k is copied as a whole, to several panels. */
function copyRows(
  f: FunctionBuilder,
  p: Int,
  q: Int,
  step: Int,
  rowBytes: number,
  k: Int,
  panel: Int,
  panels: number,
): void {
  const { i32, i64, v128 } = f;
  const targets = [q];
  for (let i = 1; i < panels; i++) targets.push(f.let(i32.add(targets[i - 1]!, panel)));
  counted(f, k, 1, () => {
    for (const [i, target] of targets.entries()) {
      const start = i * rowBytes;
      let at = 0;
      for (; at + 16 <= rowBytes; at += 16) v128.store(target, v128.load(p, start + at), at);
      if (at < rowBytes) i64.store(target, i64.load(p, start + at), at);
    }
    f.set(p, i32.add(p, step));
    for (const target of targets) f.set(target, i32.add(target, rowBytes));
  });
}

/** Steps of k side by side: four of them in two or four lines are turned at once. */
function transpose(f: FunctionBuilder, p: Int, q: Int, line: Int, lines: number, rowBytes: number, k: Int): void {
  const { i32, v128, i8x16 } = f;
  const pointers = [p];
  for (let i = 1; i < lines; i++) pointers.push(f.let(i32.add(pointers[i - 1]!, line)));
  const pick = (x: Vector | Local<"v128">, y: Vector | Local<"v128">, words: readonly number[]): Vector =>
    i8x16.shuffle(
      x,
      y,
      words.flatMap((word) => [4 * word, 4 * word + 1, 4 * word + 2, 4 * word + 3]),
    );
  counted(f, k, 4, () => {
    const rows = pointers.map((pointer) => f.let(v128.load(pointer)));
    const low = (x: number) => f.let(pick(rows[x]!, rows[x + 1]!, [0, 4, 1, 5]));
    const high = (x: number) => f.let(pick(rows[x]!, rows[x + 1]!, [2, 6, 3, 7]));
    for (const [half, interleaved] of [low, high].entries()) {
      const at = 2 * half * rowBytes;
      const first = interleaved(0);
      if (lines === 2) {
        v128.store64_lane(q, first, 0, at);
        v128.store64_lane(q, first, 1, at + rowBytes);
      } else {
        const second = interleaved(2);
        v128.store(q, pick(first, second, [0, 1, 4, 5]), at);
        v128.store(q, pick(first, second, [2, 3, 6, 7]), at + rowBytes);
      }
    }
    for (const pointer of pointers) f.set(pointer, i32.add(pointer, 16));
    f.set(q, i32.add(q, 4 * rowBytes));
  });
}

/** What is left of a panel, one by one. Lines that are not there are zeros. */
function copyElements(
  f: FunctionBuilder,
  of: Readonly<Record<"to" | "from" | "line" | "step" | "lines" | "k" | "done", Int>>,
  width: number,
  bytes: number,
): void {
  const { i32, i64, memory } = f;
  const whole = bytes === 8 ? i64 : i32;
  const [i, p, q, left] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
  const present = atMost(f, of.lines, width);
  f.if(i32.lt_s(present, width), () => memory.fill(of.to, 0, i32.mul(of.k, width * bytes)));
  stepping(f, i, { from: 0, end: present }, () => {
    f.set(p, i32.add(i32.add(of.from, i32.mul(of.line, i)), i32.mul(of.step, of.done)));
    f.set(q, i32.add(i32.add(of.to, i32.mul(i, bytes)), i32.mul(of.done, width * bytes)));
    f.set(left, i32.sub(of.k, of.done));
    f.loop((again) => {
      whole.store(q, whole.load(p) as never);
      f.set(p, i32.add(p, of.step));
      f.set(q, i32.add(q, width * bytes));
      f.brIf(again, f.tee(left, i32.sub(left, 1)));
    });
  });
}
