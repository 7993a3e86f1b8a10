import { type ClaimedKernel, constantIndex, epilogueAt, type Index, multiplyIndex } from "@tenon/lowering";
import type { ModuleBuilder } from "../assembler/module.ts";
import type { Func, Local } from "../assembler/values.ts";
import type { Target } from "../render/body.ts";
import { type Attention, attentionOf, finishOf, variable } from "./attention-rows.ts";
import { writeSoftmax } from "./attention-softmax.ts";
import { turnBack } from "./attention-turn.ts";
import type { ClaimedOp } from "./claimed.ts";
import { writeEpilogue } from "./dot-epilogue.ts";
import { packFunction } from "./dot-pack.ts";
import { type Level, ROW_BYTES, tileFunction, tileShape } from "./dot-tile.ts";
import { placesIn, roundUp } from "./scratch.ts";
import { atMost, integers, stepping } from "./stepping.ts";
import { templateFunction } from "./template.ts";

/** So that what this shares with the backend lies in one file of a bundle with the rest of it. */
export { cpuJs } from "../backend.ts";

/** Queries in a panel, the columns of a tile. */
export const PANEL = 8;
/** Panels of queries for which a tile of keys stays in the first-level cache. */
export const PANELS = 4;

/**
 * Attention in float32, a head at a time, by blocks of queries whose scores stay in cache. Scores are computed by keys, with queries side by
 * side, so that the exponentials of eight queries are vectors, and lie as the product with the values wants them packed.
 */
export const claimed: ClaimedOp = {
  accepts: ({ operands: [q, k] }) =>
    q!.dtype === "float32" && [q!.shape[2], k!.shape[2]].every((heads) => typeof heads === "number"),
  scratchBytes: (kernel, level) => planOf(attentionOf(kernel), level).bytes,
  write(m, kernel, target) {
    const of = attentionOf(kernel);
    const parts = multiplyIndex(of.sizes.examples, of.sizes.heads);
    return { func: render(m, kernel, of, target), scratch: true, parts };
  },
};

function planOf({ sizes: { keys, depth, width } }: Attention, level: Level) {
  const { rows } = tileShape("float32", level);
  return placesIn({
    keys: multiplyIndex(roundUp(keys, rows), depth, 4),
    values: multiplyIndex(roundUp(width, rows), keys, 4),
    queries: multiplyIndex(depth, 4 * PANEL * PANELS),
    scores: multiplyIndex(roundUp(keys, rows), 4 * PANEL * PANELS),
    // whole tiles, and whole vectors along their rows
    sums: multiplyIndex(roundUp(width, 4 * rows), ROW_BYTES),
    rows: multiplyIndex(roundUp(width, 8), 4 * PANEL),
    tops: constantIndex(3 * ROW_BYTES),
  });
}

function render(m: ModuleBuilder, kernel: ClaimedKernel, of: Attention, target: Target): Func<readonly []> {
  const plan = planOf(of, target);
  const shape = tileShape("float32", target);
  const tile = tileFunction(m, "float32", target);
  const [packLines, packColumns] = [packFunction(m, shape.rows, 4), packFunction(m, PANEL, 4)];
  const back = turnBack(m, true);
  const { attrs, operands, sizes } = of;
  const [q, k, v] = operands;
  const [y, lse] = kernel.results;
  const feature = variable("feature", sizes.width);
  const result = finishOf(y!, epilogueAt(y!, [of.example, of.query, of.headOfExample, feature]), {
    batch: of.head,
    row: of.query,
    column: feature,
  });
  return templateFunction(m, kernel, target, (template) => {
    const { f, slots, scratch, begin, end } = template;
    const { i32 } = f;
    const place = (offset: Index): Local<"i32"> => f.let(i32.add(scratch, template.sizes(offset)[0]));
    const [keysAt, valuesAt, queriesAt, scoresAt] = [plan.keys, plan.values, plan.queries, plan.scores].map(place);
    const [sumsAt, rowsAt, topsAt] = [plan.sums, plan.rows, plan.tops].map(place);
    const [queries, keys, depth, width] = template.sizes(sizes.queries, sizes.keys, sizes.depth, sizes.width);
    const [headCount, keyHeads] = template.sizes(sizes.heads, sizes.keyHeads);
    const bytes = (list: readonly Index[]) => template.sizes(...list.map((x) => multiplyIndex(x, 4)));
    const [qs, ks, vs] = [q, k, v].map(({ start, strides }) => bytes([start, ...strides]));
    const [scoreBytes] = template.sizes(multiplyIndex(roundUp(sizes.keys, shape.rows), 4 * PANEL));
    const [rowBytes] = template.sizes(multiplyIndex(roundUp(sizes.width, 8), 4));
    const [head, example, own, keyHead, t0, count, seen] = integers(f, 7);
    const [t1, panels, panel, i, a, b, c, present, rowEnd, j, columnEnd, at] = integers(f, 12);
    const cut = (list: typeof qs, base: Local<"i32">, headAt: Local<"i32">) =>
      i32.add(i32.add(base, list![0]!), i32.add(i32.mul(example, list![1]!), i32.mul(headAt, list![3]!)));

    f.set(head, begin);
    stepping(f, head, { from: begin, end }, () => {
      f.set(example, i32.div_u(head, headCount));
      f.set(own, i32.rem_u(head, headCount));
      f.set(keyHead, i32.div_u(i32.mul(own, keyHeads), headCount));
      f.call(packLines, keysAt!, cut(ks, slots.get(k.slot)!, keyHead), ks![2]!, ks![4]!, keys, depth);
      f.call(packLines, valuesAt!, cut(vs, slots.get(v.slot)!, keyHead), vs![4]!, vs![2]!, width, keys);
      stepping(f, t0, { from: 0, end: queries, step: PANEL * PANELS }, () => {
        f.set(count, atMost(f, PANEL * PANELS, f.let(i32.sub(queries, t0))));
        const from = i32.add(cut(qs, slots.get(q.slot)!, own), i32.mul(t0, qs![2]!));
        f.call(packColumns, queriesAt!, from, qs![2]!, qs![4]!, count, depth);
        f.set(seen, keys);
        if (attrs.causal) {
          f.set(seen, i32.add(i32.add(t0, count), i32.sub(keys, queries)));
          f.set(seen, atMost(f, seen, keys));
          f.if(i32.lt_s(seen, 0), () => f.set(seen, 0));
        }
        f.set(panels, i32.div_u(i32.add(count, PANEL - 1), PANEL));
        f.set(a, keysAt!);
        stepping(f, i, { from: 0, end: seen, step: shape.rows }, () => {
          f.set(b, queriesAt!);
          f.set(c, i32.add(scoresAt!, i32.mul(i, ROW_BYTES)));
          stepping(f, panel, { from: 0, end: panels }, () => {
            f.call(tile, a, b, c, depth, 1);
            f.set(b, i32.add(b, i32.mul(depth, ROW_BYTES)));
            f.set(c, i32.add(c, scoreBytes));
          });
          f.set(a, i32.add(a, i32.mul(depth, 4 * shape.rows)));
        });
        f.set(b, scoresAt!);
        f.set(t1, t0);
        stepping(f, panel, { from: 0, end: panels }, () => {
          f.set(present, atMost(f, PANEL, f.let(i32.sub(queries, t1))));
          writeSoftmax(template, of, { head, query: t1, present, seen, scores: b, tops: topsAt! }, lse!);
          f.set(a, valuesAt!);
          f.set(c, sumsAt!);
          stepping(f, i, { from: 0, end: width, step: shape.rows }, () => {
            f.call(tile, a, b, c, seen, 1);
            f.set(a, i32.add(a, i32.mul(keys, 4 * shape.rows)));
            f.set(c, i32.add(c, ROW_BYTES * shape.rows));
          });
          f.call(back, rowsAt!, sumsAt!, i32.add(topsAt!, ROW_BYTES), width, rowBytes);
          f.set(rowEnd, i32.add(t1, present));
          stepping(f, j, { from: 0, end: width, step: shape.columns }, () => {
            f.set(columnEnd, atMost(f, i32.add(j, shape.columns), width));
            f.set(at, i32.add(rowsAt!, i32.mul(j, 4)));
            writeEpilogue(template, result, shape, head, { row: t1, rowEnd, column: j, columnEnd, at }, [], rowBytes);
          });
          f.set(b, i32.add(b, scoreBytes));
          f.set(t1, i32.add(t1, PANEL));
        });
      });
    });
  });
}
