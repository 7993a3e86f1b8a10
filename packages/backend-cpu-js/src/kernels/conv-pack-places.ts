import type { FunctionBuilder } from "../assembler/function.ts";
import type { ModuleBuilder } from "../assembler/module.ts";
import type { Expression, Func, Local } from "../assembler/values.ts";
import { counted } from "./dot-pack.ts";
import { sharedFunction } from "./shared.ts";
import { atMost, integers } from "./stepping.ts";

type Int = Local<"i32">;
type Vector = Local<"v128">;

/** What the packing of windows at places is told, all of it numbers of bytes or counts. */
const parameters = [
  ...(["to", "lines", "k", "count"] as const),
  // the first line: where it is, and its row and example; and how far neighbours are apart
  ...(["at", "row", "example", "column", "line", "columns", "rows", "stepColumn", "stepRow", "stepExample"] as const),
  // elements of a window that lie side by side, how many such runs a row of the kernel has, and how far they are apart
  ...(["run", "runs", "tapColumn", "tapRow"] as const),
] as const;

export type PlacesArguments = Readonly<Record<(typeof parameters)[number], "i32">>;

/**
 * Copies `count` elements, from the `k`th on, of the windows at `lines` places of a result into panels of `width` places, each (k, width).
 * Places go along columns, then rows, then examples. Lines that are not there are those of the last place.
 */
export function packPlacesFunction(m: ModuleBuilder, width: 4 | 6): Func<readonly []> {
  const name = `conv-pack places ${width}`;
  const params = Object.fromEntries(parameters.map((p) => [p, "i32"])) as PlacesArguments;
  return sharedFunction(m, name, () =>
    m.func(name, { params }, (f, p) => {
      const { i32 } = f;
      const [runColumn, rowOffset, left, q, inRun, length, offset] = integers(f, 7);
      const lines = Array.from({ length: width }, () => f.local("i32"));
      const sources = Array.from({ length: width }, () => f.local("i32"));
      const firstRun = f.let(i32.div_u(p.k, p.run));
      const firstInRun = f.let(i32.rem_u(p.k, p.run));
      const firstColumn = f.let(i32.rem_u(firstRun, p.runs));
      const firstRow = f.let(i32.mul(i32.div_u(firstRun, p.runs), p.tapRow));
      f.block((exit) => {
        f.loop((nextPanel) => {
          f.brIf(exit, i32.le_s(p.lines, 0));
          for (const [i, line] of lines.entries()) {
            f.set(line, p.at);
            f.if(i32.gt_s(p.lines, i + 1), () => advance(f, p));
          }
          f.set(left, p.count);
          f.set(q, p.to);
          f.set(inRun, firstInRun);
          f.set(runColumn, firstColumn);
          f.set(rowOffset, firstRow);
          f.block((done) => {
            f.loop((nextRun) => {
              f.brIf(done, i32.eqz(left));
              f.set(length, atMost(f, i32.sub(p.run, inRun), left));
              f.set(offset, i32.add(i32.add(rowOffset, i32.mul(runColumn, p.tapColumn)), i32.mul(inRun, 4)));
              for (const [i, source] of sources.entries()) f.set(source, i32.add(lines[i]!, offset));
              turn(f, sources, q, length);
              f.set(left, i32.sub(left, length));
              f.set(inRun, 0);
              f.set(runColumn, i32.add(runColumn, 1));
              f.if(i32.eq(runColumn, p.runs), () => {
                f.set(runColumn, 0);
                f.set(rowOffset, i32.add(rowOffset, p.tapRow));
              });
              f.br(nextRun);
            });
          });
          f.set(p.to, i32.add(p.to, i32.mul(p.count, 4 * width)));
          f.set(p.lines, i32.sub(p.lines, width));
          f.br(nextPanel);
        });
      });
    }),
  ) as Func<readonly []>;
}

/** From a place to the next. */
function advance(f: FunctionBuilder, p: Readonly<Record<keyof PlacesArguments, Int>>): void {
  const { i32 } = f;
  f.set(p.at, i32.add(p.at, p.stepColumn));
  f.set(p.column, i32.add(p.column, 1));
  f.if(i32.eq(p.column, p.columns), () => {
    f.set(p.column, 0);
    f.set(p.row, i32.add(p.row, p.stepRow));
    f.set(p.line, i32.add(p.line, 1));
    f.if(i32.eq(p.line, p.rows), () => {
      f.set(p.line, 0);
      f.set(p.example, i32.add(p.example, p.stepExample));
      f.set(p.row, p.example);
    });
    f.set(p.at, p.row);
  });
}

/** Writes runs of elements, one from each source, element by element in turn; moves the pointers behind them. */
function turn(f: FunctionBuilder, sources: readonly Int[], to: Int, length: Int): void {
  const { i32, v128 } = f;
  const width = sources.length;
  counted(f, length, 4, () => {
    const vectors = sources.map((source) => f.let(v128.load(source)));
    for (const [i, vector] of turned(f, vectors).entries()) v128.store(to, vector, 16 * i);
    for (const source of sources) f.set(source, i32.add(source, 16));
    f.set(to, i32.add(to, 16 * width));
  });
  const rest = f.let(i32.and(length, 3));
  counted(f, rest, 1, () => {
    for (const [i, source] of sources.entries()) i32.store(to, i32.load(source), 4 * i);
    for (const source of sources) f.set(source, i32.add(source, 4));
    f.set(to, i32.add(to, 4 * width));
  });
}

/** Four elements of each of four or six lines, the first of all lines first. */
export function turned(f: FunctionBuilder, lines: readonly Vector[]): readonly Expression<"v128">[] {
  const { i8x16 } = f;
  const pick = (x: Vector, y: Vector, ...words: readonly number[]): Expression<"v128"> =>
    i8x16.shuffle(
      x,
      y,
      words.flatMap((word) => [4 * word, 4 * word + 1, 4 * word + 2, 4 * word + 3]),
    );
  const pairs = [0, 2, 4]
    .filter((i) => i < lines.length)
    .map((i) => [f.let(pick(lines[i]!, lines[i + 1]!, 0, 4, 1, 5)), f.let(pick(lines[i]!, lines[i + 1]!, 2, 6, 3, 7))]);
  return [0, 1].flatMap((half) => {
    const [a, b, c] = pairs.map((pair) => pair[half]!) as [Vector, Vector, Vector?];
    if (c === undefined) return [pick(a, b, 0, 1, 4, 5), pick(a, b, 2, 3, 6, 7)];
    return [pick(a, b, 0, 1, 4, 5), pick(c, a, 0, 1, 6, 7), pick(b, c, 2, 3, 6, 7)];
  });
}
