import {
  addIndex,
  type ClaimedKernel,
  constantIndex,
  epilogueAt,
  flattened,
  floorDiv,
  type Index,
  multiplyIndex,
  type Strided,
} from "@tenon/lowering";
import type { ModuleBuilder } from "../assembler/module.ts";
import type { Func, Local } from "../assembler/values.ts";
import type { Target } from "../render/body.ts";
import { PANEL, PANELS } from "./attention.ts";
import { type Attention, attentionOf, finishOf, variable } from "./attention-rows.ts";
import { writeShares } from "./attention-shares.ts";
import { turnBack, turnBlocks } from "./attention-turn.ts";
import type { ClaimedOp } from "./claimed.ts";
import { type Finish, writeEpilogue } from "./dot-epilogue.ts";
import { packFunction } from "./dot-pack.ts";
import { type Level, ROW_BYTES, tileFunction, tileShape } from "./dot-tile.ts";
import { placesIn, roundUp } from "./scratch.ts";
import { atMost, integers, stepping } from "./stepping.ts";
import { templateFunction } from "./template.ts";

/** So that what this shares with the backend lies in one file of a bundle with the rest of it. */
export { cpuJs } from "../backend.ts";

/** Queries in a block. */
const BLOCK = PANEL * PANELS;

/**
 * The derivative of attention in float32, a head of keys at a time: blocks of queries whose shares are made again stay in cache. They
 * are computed by keys, for the cotangents of queries, and turned for those of keys and values, which are added up over
 * all blocks.
 */
export const claimed: ClaimedOp = {
  accepts: ({ operands: [q, k], attrs }) =>
    q!.dtype === "float32" &&
    attrs.bias !== true &&
    [q!.shape[2], k!.shape[2]].every((heads) => typeof heads === "number"),
  scratchBytes: (kernel, level) => planOf(attentionOf(kernel), level).bytes,
  write(m, kernel, target) {
    const of = attentionOf(kernel);
    const parts = multiplyIndex(of.sizes.examples, of.sizes.keyHeads);
    return { func: render(m, kernel, of, target), scratch: true, parts };
  },
};

function planOf({ sizes: { keys, depth, width } }: Attention, level: Level) {
  const { rows } = tileShape("float32", level);
  const panels = multiplyIndex(roundUp(keys, 8 * rows), 4); // keys in whole tiles and in whole panels
  const tiles = (size: Index): Index => roundUp(size, 4 * rows);
  const widest = roundUp(addIndex(depth, width), 8 * rows);
  return placesIn({
    ...{ keys: multiplyIndex(panels, depth), values: multiplyIndex(panels, width) },
    keysTurned: multiplyIndex(tiles(depth), keys, 4),
    ...{ queries: multiplyIndex(depth, 4 * BLOCK), cotangents: multiplyIndex(width, 4 * BLOCK) },
    ...{
      queriesTurned: multiplyIndex(tiles(depth), 4 * BLOCK),
      cotangentsTurned: multiplyIndex(tiles(width), 4 * BLOCK),
    },
    ...{ logarithms: constantIndex(4 * BLOCK), deltas: constantIndex(4 * BLOCK) },
    ...{ shares: multiplyIndex(panels, BLOCK), changes: multiplyIndex(panels, BLOCK) },
    ...{ sharesTurned: multiplyIndex(panels, BLOCK), changesTurned: multiplyIndex(panels, BLOCK) },
    ...{ sums: multiplyIndex(widest, ROW_BYTES), rows: multiplyIndex(widest, 4 * PANEL) },
    ...{ ofKeys: multiplyIndex(panels, tiles(depth)), ofValues: multiplyIndex(panels, tiles(width)) },
  });
}

function render(m: ModuleBuilder, kernel: ClaimedKernel, of: Attention, target: Target): Func<readonly []> {
  const plan = planOf(of, target);
  const shape = tileShape("float32", target);
  const tile = tileFunction(m, "float32", target);
  const [packLines, packColumns] = [packFunction(m, shape.rows, 4), packFunction(m, PANEL, 4)];
  const [back, blocks] = [turnBack(m, false), turnBlocks(m)];
  const { attrs, operands, sizes } = of;
  const [q, k, v] = operands;
  const [lse, dy, delta] = kernel.inputs.slice(3) as unknown as readonly [Strided, Strided, Strided];
  const { variable: part, index: partIndex } = flattened("part", [sizes.examples, sizes.keyHeads]);
  const [depthAt, widthAt] = [variable("depth", sizes.depth), variable("width", sizes.width)];
  const [dq, dk, dv] = kernel.results;
  const [example, keyHead] = partIndex as readonly [Index, Index];
  const finishes: Readonly<Record<"dq" | "dk" | "dv", Finish>> = {
    dq: finishOf(dq!, epilogueAt(dq!, [of.example, of.query, of.headOfExample, depthAt]), {
      ...{ batch: of.head, row: of.query, column: depthAt },
    }),
    dk: finishOf(dk!, epilogueAt(dk!, [example, of.key, keyHead, depthAt]), {
      ...{ batch: part, row: of.key, column: depthAt },
    }),
    dv: finishOf(dv!, epilogueAt(dv!, [example, of.key, keyHead, widthAt]), {
      ...{ batch: part, row: of.key, column: widthAt },
    }),
  };
  return templateFunction(m, kernel, target, (template) => {
    const { f, slots, scratch, begin, end } = template;
    const { i32, memory } = f;
    const place = (offset: Index): Local<"i32"> => f.let(i32.add(scratch, template.sizes(offset)[0]));
    const at = Object.fromEntries(Object.entries(plan).map(([name, offset]) => [name, place(offset)])) as Readonly<
      Record<keyof typeof plan, Local<"i32">>
    >;
    const [queries, keys, depth, width] = template.sizes(sizes.queries, sizes.keys, sizes.depth, sizes.width);
    const [headCount, keyHeads, perKey] = template.sizes(
      ...[sizes.heads, sizes.keyHeads, floorDiv(sizes.heads, sizes.keyHeads)],
    );
    const bytes = (list: readonly Index[]) => template.sizes(...list.map((x) => multiplyIndex(x, 4)));
    const [qs, ks, vs, ys] = [q, k, v, dy].map(({ start, strides }) => bytes([start, ...strides]));
    const [ls, ds] = [lse, delta].map(({ start, strides }) => bytes([start, ...strides]));
    const { rows } = shape;
    const panels = multiplyIndex(roundUp(sizes.keys, 8 * rows), 4);
    const tiles = (size: Index): Index => roundUp(size, 4 * rows);
    const [panelBytes, keyBytes, valueBytes] = template.sizes(
      multiplyIndex(panels, PANEL),
      multiplyIndex(tiles(sizes.depth), ROW_BYTES),
      multiplyIndex(tiles(sizes.width), ROW_BYTES),
    );
    const [ofKeysBytes, ofValuesBytes, rowBytes] = template.sizes(
      ...[multiplyIndex(panels, tiles(sizes.depth)), multiplyIndex(panels, tiles(sizes.width))],
      multiplyIndex(roundUp(addIndex(sizes.depth, sizes.width), 8), 4),
    );
    const [p, exampleAt, keyHeadAt, own, head, t0, count, seen] = integers(f, 8);
    const [t1, panelCount, n, i, a, b, c, present] = integers(f, 8);
    const [rowEnd, j, columnEnd, from, scores, changes, stats] = integers(f, 7);
    /** Where a head of an example begins in an operand whose axes are examples, places and heads. */
    const cut = (operand: Strided, list: typeof qs, headAt: Local<"i32">) =>
      i32.add(
        i32.add(slots.get(operand.slot)!, list![0]!),
        i32.add(i32.mul(exampleAt, list![1]!), i32.mul(headAt, list![3]!)),
      );
    const numbers = (operand: Strided, list: typeof ls) =>
      i32.add(
        i32.add(slots.get(operand.slot)!, list![0]!),
        i32.add(i32.add(i32.mul(exampleAt, list![1]!), i32.mul(own, list![2]!)), i32.mul(t0, list![3]!)),
      );
    /** `C = A·B` for all tiles of A's lines, a panel of B's columns. */
    const tilesOf = (lines: typeof depth, steps: Local<"i32">, panel: typeof keys | Local<"i32">, fresh: 0 | 1): void =>
      stepping(f, i, { from: 0, end: lines, step: rows }, () => {
        f.call(tile, a, b, c, steps, fresh);
        f.set(a, i32.add(a, i32.mul(panel, 4 * rows)));
        f.set(c, i32.add(c, ROW_BYTES * rows));
      });
    const finish = (of: Finish, batch: Local<"i32">, row: Local<"i32">, columns: typeof depth): void =>
      stepping(f, j, { from: 0, end: columns, step: shape.columns }, () => {
        f.set(columnEnd, atMost(f, i32.add(j, shape.columns), columns));
        f.set(from, i32.add(at.rows, i32.mul(j, 4)));
        writeEpilogue(template, of, shape, batch, { row, rowEnd, column: j, columnEnd, at: from }, [], rowBytes);
      });

    const products = (): void => {
      for (const [lines, columns, steps, to] of [
        [at.keys, at.queries, depth, at.shares],
        [at.values, at.cotangents, width, at.changes],
      ] as const) {
        f.set(a, lines);
        stepping(f, i, { from: 0, end: seen, step: rows }, () => {
          f.set(b, columns);
          f.set(c, i32.add(to, i32.mul(i, ROW_BYTES)));
          stepping(f, n, { from: 0, end: panelCount }, () => {
            f.call(tile, a, b, c, steps, 1);
            f.set(b, i32.add(b, i32.mul(steps, ROW_BYTES)));
            f.set(c, i32.add(c, panelBytes));
          });
          f.set(a, i32.add(a, i32.mul(steps, 4 * rows)));
        });
      }
    };
    const ofQueries = (): void => {
      f.set(scores, at.shares);
      f.set(changes, at.changes);
      f.set(stats, 0);
      f.set(t1, t0);
      stepping(f, n, { from: 0, end: panelCount }, () => {
        f.set(present, atMost(f, PANEL, f.let(i32.sub(queries, t1))));
        const logarithms = f.let(i32.add(at.logarithms, stats));
        const deltas = f.let(i32.add(at.deltas, stats));
        writeShares(template, of, { head, query: t1, present, seen, scores, cotangents: changes, logarithms, deltas });
        for (const [turned, panel] of [
          [at.sharesTurned, scores],
          [at.changesTurned, changes],
        ] as const)
          f.call(blocks, i32.add(turned, i32.mul(n, PANEL * ROW_BYTES)), panel, seen, BLOCK * ROW_BYTES);
        f.set(a, at.keysTurned);
        f.set(b, changes);
        f.set(c, at.sums);
        tilesOf(depth, seen, keys, 1);
        f.call(back, at.rows, at.sums, 0, depth, rowBytes);
        f.set(rowEnd, i32.add(t1, present));
        finish(finishes.dq, head, t1, depth);
        f.set(scores, i32.add(scores, panelBytes));
        f.set(changes, i32.add(changes, panelBytes));
        f.set(stats, i32.add(stats, ROW_BYTES));
        f.set(t1, i32.add(t1, PANEL));
      });
    };
    const ofKeysAndValues = (): void => {
      for (const [lines, columns, size, sums, bytesOfPanel] of [
        [at.queriesTurned, at.changesTurned, depth, at.ofKeys, keyBytes],
        [at.cotangentsTurned, at.sharesTurned, width, at.ofValues, valueBytes],
      ] as const) {
        f.set(b, columns);
        f.set(from, sums);
        stepping(f, n, { from: 0, end: seen, step: PANEL }, () => {
          f.set(a, lines);
          f.set(c, from);
          tilesOf(size, count, count, 0);
          f.set(b, i32.add(b, BLOCK * ROW_BYTES));
          f.set(from, i32.add(from, bytesOfPanel));
        });
      }
    };
    const block = (): void => {
      f.set(count, atMost(f, BLOCK, f.let(i32.sub(queries, t0))));
      f.set(panelCount, i32.div_u(i32.add(count, PANEL - 1), PANEL));
      for (const [operand, list, size, columns, turned] of [
        [q, qs, depth, at.queries, at.queriesTurned],
        [dy, ys, width, at.cotangents, at.cotangentsTurned],
      ] as const) {
        f.set(from, i32.add(cut(operand, list, own), i32.mul(t0, list![2]!)));
        f.call(packColumns, columns, from, list![2]!, list![4]!, count, size);
        f.call(packLines, turned, from, list![4]!, list![2]!, size, count);
      }
      f.call(packColumns, at.logarithms, numbers(lse, ls), ls![3]!, 4, count, 1);
      f.call(packColumns, at.deltas, numbers(delta, ds), ds![3]!, 4, count, 1);
      f.set(seen, keys);
      if (attrs.causal) {
        // whole panels, of which nobody sees the last keys
        f.set(seen, i32.add(i32.add(t0, count), i32.sub(keys, queries)));
        f.if(i32.lt_s(seen, 0), () => f.set(seen, 0));
        f.set(seen, i32.and(i32.add(seen, PANEL - 1), -PANEL));
        f.set(seen, atMost(f, seen, keys));
      }
      products();
      ofQueries();
      ofKeysAndValues();
    };

    stepping(f, p, { from: begin, end }, () => {
      f.set(exampleAt, i32.div_u(p, keyHeads));
      f.set(keyHeadAt, i32.rem_u(p, keyHeads));
      f.call(packLines, at.keys, cut(k, ks, keyHeadAt), ks![2]!, ks![4]!, keys, depth);
      f.call(packLines, at.values, cut(v, vs, keyHeadAt), vs![2]!, vs![4]!, keys, width);
      f.call(packLines, at.keysTurned, cut(k, ks, keyHeadAt), ks![4]!, ks![2]!, depth, keys);
      memory.fill(at.ofKeys, 0, ofKeysBytes);
      memory.fill(at.ofValues, 0, ofValuesBytes);
      f.set(own, i32.mul(keyHeadAt, perKey));
      const last = f.let(i32.add(own, perKey));
      stepping(f, own, { from: own, end: last }, () => {
        f.set(head, i32.add(i32.mul(exampleAt, headCount), own));
        stepping(f, t0, { from: 0, end: queries, step: BLOCK }, block);
      });
      for (const [of, size, sums, bytesOfPanel] of [
        [finishes.dk, depth, at.ofKeys, keyBytes],
        [finishes.dv, width, at.ofValues, valueBytes],
      ] as const) {
        f.set(b, sums);
        stepping(f, t1, { from: 0, end: keys, step: PANEL }, () => {
          f.call(back, at.rows, b, 0, size, rowBytes);
          f.set(rowEnd, atMost(f, i32.add(t1, PANEL), keys));
          finish(of, p, t1, size);
          f.set(b, i32.add(b, bytesOfPanel));
        });
      }
    });
  });
}
