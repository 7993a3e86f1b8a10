import {
  addIndex,
  type ClaimedKernel,
  constantIndex,
  maximum,
  minimum,
  type Strided,
  subtractIndex,
} from "@tenon/lowering";
import { bound, finish, named } from "@tenon/lowering/claimed";
import type { Source } from "@tenon/lowering/threads";
import { type KernelSource, kernelSource } from "../cuda/source.ts";
import { AttentionBlock, patches } from "./attention-block.ts";
import { multiplyColumns, multiplyRows } from "./attention-products.ts";
import { Rows, wayOfRows } from "./attention-rows.ts";
import { goOver } from "./attention-stream.ts";
import { forwardTile, linesOf, ownRows } from "./attention-tile.ts";
import { eachOf } from "./each.ts";
import type { Format } from "./fours.ts";
import { likely } from "./likely.ts";

/** With so many rows there are two blocks of 128 for each multiprocessor of a large device. */
const MANY = 2 ** 15;
const LOWEST = -3.4028234663852886e38; // of the finite float32 values

/**
 * Attention by tensor cores (Dao 2023, arXiv:2307.08691, algorithm 1): a block has 64 or 128 queries of a head and goes over the keys that they
 * see, so that scores are never in memory. The greatest score of a row so far is kept out of the exponentials, and what was added up before is
 * scaled down when a greater one comes. Shares are rounded as factors before they are divided by their sum, which is of what they were.
 */
export function renderAttention(kernel: ClaimedKernel, format: Format): KernelSource {
  const [q, k, v] = kernel.inputs as readonly [Strided, Strided, Strided];
  const [queries, keys, values] = [linesOf(q, format), linesOf(k, format), linesOf(v, format)];
  const tile = forwardTile([keys, values], {
    many: q.sizes.slice(0, 3).reduce((rows, size) => rows * likely(size), 1) >= MANY,
    copied: [k, v].every((operand) => wayOfRows(operand, format) === "copied"),
  });
  const { others, high } = tile;
  const block = new AttentionBlock(kernel, format, tile);
  const { source, sizes } = block;
  block.begin("query", "group");
  const own = block.own("query", "q", q, 0);
  const rows = { count: others, threads: block.threads, all: sizes.s, head: "key_head" } as const;
  const arriving = [
    new Rows(source, kernel, { ...rows, name: "k", operand: k, begin: 0 }, format),
    new Rows(source, kernel, { ...rows, name: "v", operand: v, begin: others * keys.pitch }, format),
  ];
  const count = (high * values.padded) / 2;
  source.line(`float sums[${count}], tops[${2 * high}], totals[${2 * high}];`);
  eachOf(source, ["i", count], () => source.line("sums[i] = 0;"));
  eachRow(block, () => {
    source.line(`tops[r] = ${source.language.constant("float32", LOWEST)};`);
    source.line("totals[r] = 0;");
  });
  beginKeys(block);
  const words = others * (keys.pitch + values.pitch);
  goOver(source, {
    ...{ tile, first: 0, words, arriving },
    where: (step) => source.line(`const int first = (${step}) * ${others};`),
    multiply() {
      multiplyRows(source, format, { sums: "scores", own, begin: "here", others });
      block.finishScores("query");
      takeScores(block, values.padded);
      multiplyColumns(source, format, {
        ...{ sums: "sums", shares: "scores", begin: `here + ${others * keys.pitch}` },
        ...{ others, high, lines: values },
      });
    },
  });
  finishRows(block, values.padded);
  block.finish("query", kernel.results[0]!, "sums", values, "sum");
  const declarations = `TENON_TILES(tiles, ${Math.max(2 * words, ownRows(tile) * queries.pitch, patches(tile))});`;
  const { name, scalars, slots } = kernel;
  return kernelSource({
    ...{ name, scalars, slots, declarations, threads: block.threads, groups: block.blocks("query") },
    body: source.text,
  });
}

/** Says how many tiles of keys a block's queries see. */
export function beginKeys({ source, sizes: { s, t }, attrs, tile }: AttentionBlock): void {
  const { others } = tile;
  const after = subtractIndex(addIndex(named(source, "first_own"), ownRows(tile), s), t);
  const below = attrs.causal ? maximum(constantIndex(0), minimum(s, after)) : s;
  const seen = bound(source, "below", below);
  source.line(`const int steps = (${source.index(seen)} + ${others - 1}) / ${others};`);
}

/** For each of a lane's rows, which lie 8 apart: `r`. */
const eachRow = ({ source, tile }: AttentionBlock, body: () => void): void =>
  eachOf(source, ["r", 2 * tile.high], body);

/** For each number that a lane has in row `r` of a matrix of so many columns: `i`. */
function eachOfRow(source: Source, columns: number, body: () => void): void {
  eachOf(source, ["j", columns / 8], ["e", 2], () => {
    source.line(`const int i = r / 2 * ${columns / 2} + j * 4 + r % 2 * 2 + e;`);
    body();
  });
}

/** Scores become shares of what is not divided yet, in two rows of each lane, which three others have as well. */
function takeScores(block: AttentionBlock, padded: number): void {
  const { source } = block;
  const { others } = block.tile;
  eachRow(block, () => {
    source.line("float top = tops[r];");
    const each = (count: number, body: () => void): void => eachOfRow(source, count, body);
    each(others, () => source.line("top = fmaxf(top, scores[i]);"));
    for (const bit of [1, 2]) source.line(`top = fmaxf(top, __shfl_xor_sync(0xffffffffu, top, ${bit}));`);
    source.line(`const float shrunk = ${block.power("tops[r] - top")};`);
    source.line("tops[r] = top;");
    source.line("totals[r] = totals[r] * shrunk;");
    each(others, () => {
      source.line(`scores[i] = ${block.power("scores[i] - top")};`);
      source.line("totals[r] = totals[r] + scores[i];");
    });
    each(padded, () => source.line("sums[i] = sums[i] * shrunk;"));
  });
}

/** Divides by the sums of rows, and finishes their logarithms. A query that sees nothing has 0, and the logarithm of the lowest score. */
function finishRows(block: AttentionBlock, padded: number): void {
  const { source, kernel, sizes } = block;
  const lse = kernel.results[1]!;
  eachRow(block, () => {
    for (const bit of [1, 2]) source.line(`totals[r] = totals[r] + __shfl_xor_sync(0xffffffffu, totals[r], ${bit});`);
    source.line("const float divisor = totals[r] == 0 ? 1.0f : totals[r];");
    eachOfRow(source, padded, () => source.line("sums[i] = sums[i] / divisor;"));
    if (lse.epilogue.length === 0) return;
    source.line("const int row = first_own + part_row + lane / 4 + r * 8;");
    source.if(`lane % 4 == 0 && row < ${source.index(sizes.t)}`, () => {
      source.line("const float result = tenon_logf(divisor) + tops[r];");
      finish(source, lse, "result", ["example", "head", "row"]);
    });
  });
}
