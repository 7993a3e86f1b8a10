import type { FunctionBuilder } from "../assembler/function.ts";
import type { ModuleBuilder } from "../assembler/module.ts";
import type { Func, Local } from "../assembler/values.ts";
import { counted } from "./dot-pack.ts";
import { sharedFunction } from "./shared.ts";
import { atMost, integers } from "./stepping.ts";

type Int = Local<"i32">;

/** How what is seen lies, and how windows move along it. Distances are in bytes. */
const geometry = [
  ...(["columns", "rows", "height", "width", "stepColumn", "stepRow"] as const),
  ...(["byColumn", "byRow", "byImage"] as const),
] as const;

type Named<N extends string, T = "i32"> = Readonly<Record<N, T>>;

const named = <const N extends readonly string[]>(...names: N): Named<N[number]> =>
  Object.fromEntries(names.map((name) => [name, "i32"])) as Named<N[number]>;

/**
 * `(to, base, from, lines, k, count, …)`: copies the windows of products over places: lines are examples, then columns and rows of the
 * result; steps of k are columns and rows of the kernel, then channels. Panels hold `panel` lines, each (k, panel). What
 * is seen outside of the image is 0, and nothing is written for lines that are not there.
 *
 * `base` is where the first element of the image is, `examples`, `resultColumns` count lines, and `strideRow`, `strideColumn`, `lowRow`, `lowColumn` say
 * where the window of a place of the result begins.
 */
export function packTapsFunction(m: ModuleBuilder, panel: number): Func<readonly []> {
  const name = `conv-pack taps ${panel}`;
  const params = named(
    ...(["to", "base", "from", "lines", "k", "count"] as const),
    ...(["examples", "resultColumns", "strideRow", "strideColumn", "lowRow", "lowColumn"] as const),
    ...geometry,
  );
  return sharedFunction(m, name, () => {
    const copies = Array.from({ length: panel }, (_, i) => segmentFunction(m, panel, i + 1));
    return m.func(name, { params }, (f, p) => {
      const { i32 } = f;
      const [line, end, inPanel, example, place, length] = integers(f, 6);
      f.set(line, p.from);
      f.set(end, i32.add(p.from, p.lines));
      f.block((exit) => {
        f.loop((next) => {
          f.brIf(exit, i32.ge_s(line, end));
          f.set(example, i32.rem_u(line, p.examples));
          f.set(place, i32.div_u(line, p.examples));
          f.set(length, atMost(f, i32.sub(panel, inPanel), f.let(i32.sub(p.examples, example))));
          f.set(length, atMost(f, length, f.let(i32.sub(end, line))));
          const row = i32.sub(i32.mul(i32.div_u(place, p.resultColumns), p.strideRow), p.lowRow);
          const column = i32.sub(i32.mul(i32.rem_u(place, p.resultColumns), p.strideColumn), p.lowColumn);
          const [top, left] = [f.let(row), f.let(column)];
          const to = f.let(i32.add(p.to, i32.mul(inPanel, 4)));
          const from = f.let(i32.add(p.base, i32.mul(example, 4)));
          const shape = geometry.map((of) => p[of]);
          for (const [i, copy] of copies.entries())
            f.if(i32.eq(length, i + 1), () => f.call(copy, to, from, top, left, p.k, p.count, ...shape));
          f.set(line, i32.add(line, length));
          f.set(inPanel, i32.add(inPanel, length));
          f.if(i32.eq(inPanel, panel), () => {
            f.set(inPanel, 0);
            f.set(p.to, i32.add(p.to, i32.mul(p.count, 4 * panel)));
          });
          f.br(next);
        });
      });
    });
  }) as Func<readonly []>;
}

/** `(to, from, top, left, k, count, …)`: the part of a panel that is `length` examples at one place of the result. */
function segmentFunction(m: ModuleBuilder, panel: number, length: number): Func<readonly []> {
  const name = `conv-pack ${length} examples`;
  const params = named("to", "from", "top", "left", "k", "count", ...geometry);
  return sharedFunction(m, `${name} of ${panel}`, () =>
    m.func(name, { params }, (f, p) => {
      const { i32 } = f;
      const [column, row, image, line, source, first, last, steps] = integers(f, 8);
      const next = f.let(i32.mul(p.byColumn, p.stepColumn));
      const rowBytes = f.let(i32.mul(p.byRow, p.stepRow));
      // columns of the kernel that see the image
      const begin = positive(f, ceilDiv(f, f.let(i32.sub(0, p.left)), p.stepColumn));
      const end = f.let(ceilDiv(f, f.let(i32.sub(p.width, p.left)), p.stepColumn));
      f.set(column, i32.rem_u(p.k, p.columns));
      f.set(row, i32.div_u(p.k, p.columns));
      f.set(image, i32.add(p.from, i32.mul(i32.div_u(row, p.rows), p.byImage)));
      f.set(row, i32.rem_u(row, p.rows));
      f.set(line, i32.add(p.top, i32.mul(row, p.stepRow)));
      f.set(image, i32.add(image, i32.mul(p.top, p.byRow)));
      f.block((exit) => {
        f.loop((nextRun) => {
          f.brIf(exit, i32.eqz(p.count));
          f.set(steps, atMost(f, i32.sub(p.columns, column), p.count));
          f.set(p.count, i32.sub(p.count, steps));
          f.set(first, steps);
          f.set(last, steps);
          f.if(i32.lt_u(line, p.height), () => {
            f.set(first, atMost(f, positive(f, i32.sub(begin, column)), steps));
            f.set(last, atMost(f, positive(f, i32.sub(end, column)), steps));
          });
          zeros(f, p.to, first, panel, length);
          const at = i32.add(p.left, i32.mul(i32.add(column, first), p.stepColumn));
          f.set(source, i32.add(i32.add(image, i32.mul(row, rowBytes)), i32.mul(at, p.byColumn)));
          const inside = f.let(i32.sub(last, first));
          counted(f, inside, 1, () => {
            copyElements(f, source, p.to, length);
            f.set(source, i32.add(source, next));
            f.set(p.to, i32.add(p.to, 4 * panel));
          });
          zeros(f, p.to, f.let(i32.sub(steps, last)), panel, length);
          f.set(column, 0);
          f.set(row, i32.add(row, 1));
          f.set(line, i32.add(line, p.stepRow));
          f.if(i32.eq(row, p.rows), () => {
            f.set(row, 0);
            f.set(line, p.top);
            f.set(image, i32.add(image, p.byImage));
          });
          f.br(nextRun);
        });
      });
    }),
  ) as Func<readonly []>;
}

/** `⌈x / by⌉` for `by` ≥ 1, of negative numbers too. */
function ceilDiv(f: FunctionBuilder, x: Int, by: Int) {
  const { i32 } = f;
  const above = f.let(i32.gt_s(x, 0));
  return i32.add(i32.div_s(i32.sub(x, above), by), above);
}

/** The value, or 0 where it is negative. */
function positive(f: FunctionBuilder, value: ReturnType<FunctionBuilder["i32"]["add"]>): Int {
  const local = f.let(value);
  f.if(f.i32.lt_s(local, 0), () => f.set(local, 0));
  return local;
}

/** So many steps of zeros. */
function zeros(f: FunctionBuilder, to: Int, steps: Int, panel: number, length: number): void {
  const { i32 } = f;
  counted(f, steps, 1, () => {
    for (let i = 0; i < length; i++) i32.store(to, 0, 4 * i);
    f.set(to, i32.add(to, 4 * panel));
  });
}

/** Elements side by side, in as few pieces as there can be. */
function copyElements(f: FunctionBuilder, from: Int, to: Int, count: number): void {
  const { i32, i64, v128 } = f;
  let at = 0;
  for (; count - at >= 4; at += 4) v128.store(to, v128.load(from, 4 * at), 4 * at);
  if (count - at >= 2) {
    i64.store(to, i64.load(from, 4 * at), 4 * at);
    at += 2;
  }
  if (count > at) i32.store(to, i32.load(from, 4 * at), 4 * at);
}
