import {
  addIndex,
  type ClaimedKernel,
  constantIndex,
  floorDiv,
  type Index,
  maximum,
  type Strided,
  subtractIndex,
} from "@tenon/lowering";
import { named, placeOf, slotOf } from "@tenon/lowering/claimed";
import { type KernelSource, kernelSource } from "../cuda/source.ts";
import { beginKeys } from "./attention.ts";
import { AttentionBlock, patches } from "./attention-block.ts";
import { multiplyColumns, multiplyRows } from "./attention-products.ts";
import { RowNumbers, Rows } from "./attention-rows.ts";
import { goOver } from "./attention-stream.ts";
import { type AttentionTile, backwardTile, type Lines, linesOf, ownRows } from "./attention-tile.ts";
import { eachOf } from "./each.ts";
import type { Format } from "./fours.ts";

type Operands = readonly [q: Strided, k: Strided, v: Strided, lse: Strided, dy: Strided, delta: Strided];

/**
 * The derivative of attention by tensor cores (Dao 2023, arXiv:2307.08691, algorithm 2), its shares made again from the logarithms of
 * the rows' sums: the first blocks have 64 queries each and go over the keys that these see, the others 64 keys, and go over the queries of all
 * heads that see them. Nobody adds to what another one adds to. Shares, and the cotangents of scores, are rounded as factors.
 */
export function renderAttentionBackward(kernel: ClaimedKernel, format: Format): KernelSource {
  return new Backward(kernel, format).rendered();
}

class Backward {
  readonly #block: AttentionBlock;
  readonly #kernel: ClaimedKernel;
  readonly #format: Format;
  readonly #operands: Operands;
  /** Of queries and keys, and of values and cotangents. */
  readonly #lines: readonly [Lines, Lines];
  readonly #tile: AttentionTile;

  constructor(kernel: ClaimedKernel, format: Format) {
    this.#kernel = kernel;
    this.#format = format;
    this.#operands = kernel.inputs as unknown as Operands;
    this.#lines = [linesOf(this.#operands[0], format), linesOf(this.#operands[2], format)];
    this.#tile = backwardTile(this.#lines);
    this.#block = new AttentionBlock(kernel, format, this.#tile);
  }

  rendered(): KernelSource {
    const { source } = this.#block;
    const { name, scalars, slots, results } = this.#kernel;
    const isWanted = results.map(({ epilogue }) => epilogue.length > 0);
    const nobody = constantIndex(0);
    const ofQueries = isWanted[0] ? this.#block.blocks("query") : nobody;
    const ofKeys = isWanted[1] || isWanted[2] ? this.#block.blocks("key") : nobody;
    const before = source.index(ofQueries);
    if (ofQueries !== nobody) source.if(`group < ${before}`, () => this.#ofQueries("group"));
    if (ofKeys !== nobody) source.if(`group >= ${before}`, () => this.#ofKeys(`group - ${before}`));
    const [held, words] = [this.#held, this.#tile.buffers * this.#words];
    const all = Math.max(held + words, ownRows(this.#tile) * this.#row, patches(this.#tile));
    return kernelSource({
      ...{ name, scalars, slots, threads: this.#block.threads, groups: addIndex(ofQueries, ofKeys) },
      ...{ declarations: `TENON_TILES(tiles, ${all});`, body: source.text },
    });
  }

  /** Words of a row of both operands. */
  get #row(): number {
    return this.#lines[0].pitch + this.#lines[1].pitch;
  }

  /** Words that a block's own rows have while it goes over others. */
  get #held(): number {
    return this.#tile.held === "shared" ? ownRows(this.#tile) * this.#row : 0;
  }

  /** Words of a buffer: rows of two operands, and two numbers of each. */
  get #words(): number {
    return this.#tile.others * (this.#row + 2);
  }

  /** `dq = scale·Σ ds·k` over the keys that a query sees. */
  #ofQueries(number: string): void {
    const block = this.#block;
    const { source, sizes } = block;
    const [q, k, v, lse, dy, delta] = this.#operands;
    const { others, buffers } = this.#tile;
    block.begin("query", number);
    const [own, slopes] = this.#own("query", q, dy);
    const arriving = [this.#rows("k", k, sizes.s, "key_head", 0), this.#rows("v", v, sizes.s, "key_head", 1)];
    source.line("float logs[2], shifts[2];");
    eachOf(source, ["r", 2], () => {
      source.line("const int row = first_own + part_row + lane / 4 + r * 8;");
      source.line("logs[r] = shifts[r] = 0;");
      source.if(`row < ${source.index(sizes.t)}`, () => {
        source.line(`logs[r] = ${this.#number(lse)};`);
        source.line(`shifts[r] = ${this.#number(delta)};`);
      });
    });
    this.#zeros("dq", 0);
    beginKeys(block);
    goOver(source, {
      ...{ tile: { buffers }, first: this.#held, words: this.#words, arriving },
      where: (step) => source.line(`const int first = (${step}) * ${others};`),
      multiply: () => {
        this.#scores("query", own, slopes);
        eachOf(source, ["i", others / 2], () => {
          source.line(`const float share = ${block.power("scores[i] - logs[i / 2 % 2]")};`);
          source.line("scores[i] = share * (slopes[i] - shifts[i / 2 % 2]);");
        });
        this.#add("dq", "scores", 0);
      },
    });
    this.#finish("query", 0, "dq", 0);
  }

  /** `dk = scale·Σ ds·q` and `dv = Σ p·dy` over the queries that see a key. */
  #ofKeys(number: string): void {
    const block = this.#block;
    const { source, sizes, attrs } = block;
    const [q, k, v, lse, dy, delta] = this.#operands;
    const { others, buffers } = this.#tile;
    block.begin("key", number);
    const [own, values] = this.#own("key", k, v);
    const at = { name: "rows", count: others, all: sizes.t, head: "head", begin: others * this.#row };
    const arriving = [
      this.#rows("q", q, sizes.t, "head", 0),
      this.#rows("dy", dy, sizes.t, "head", 1),
      new RowNumbers(source, this.#kernel, [lse, delta], at),
    ];
    this.#zeros("dk", 0);
    this.#zeros("dv", 1);
    const first = subtractIndex(addIndex(named(source, "first_own"), sizes.t), sizes.s);
    source.line(
      `const int first_tile = ${attrs.causal ? source.index(maximum(constantIndex(0), first)) : "0"} / ${others};`,
    );
    source.line(`const int tiles_down = max((${source.index(sizes.t)} + ${others - 1}) / ${others} - first_tile, 0);`);
    const perKey = source.index(floorDiv(sizes.h, sizes.heads));
    source.line(`const int steps = tiles_down * ${perKey};`);
    goOver(source, {
      ...{ tile: { buffers }, first: this.#held, words: this.#words, arriving },
      where: (step) => {
        source.line(`const int first = (first_tile + (${step}) % tiles_down) * ${others};`);
        source.line(`const int head = key_head * ${perKey} + (${step}) / tiles_down;`);
      },
      multiply: () => {
        this.#scores("key", own, values);
        eachOf(source, ["j", others / 8], ["e", 4], () => {
          source.line("const int i = j * 4 + e;");
          source.line(`const int number = here + ${at.begin} + j * 8 + lane % 4 * 2 + e % 2;`);
          source.line(`scores[i] = ${block.power("scores[i] - tenon_float(tiles[number])")};`);
          source.line(`slopes[i] = scores[i] * (slopes[i] - tenon_float(tiles[number + ${others}]));`);
        });
        this.#add("dv", "scores", 1);
        this.#add("dk", "slopes", 0);
      },
    });
    this.#finish("key", 1, "dk", 0);
    this.#finish("key", 2, "dv", 1);
  }

  #own(axis: "query" | "key", ...operands: readonly [Strided, Strided]) {
    const [first] = this.#lines;
    const own = this.#block.own(axis, "own", operands[0], 0);
    return [own, this.#block.own(axis, "other", operands[1], ownRows(this.#tile) * first.pitch)] as const;
  }

  #rows(name: string, operand: Strided, all: Index, head: string, side: 0 | 1): Rows {
    const begin = side === 0 ? 0 : this.#tile.others * this.#lines[0].pitch;
    const at = { name, operand, count: this.#tile.others, threads: this.#block.threads, all, head, begin };
    return new Rows(this.#block.source, this.#kernel, at, this.#format);
  }

  #number(operand: Strided): string {
    const { source } = this.#block;
    const index = ["example", "head", "row"].map((name) => named(source, name));
    return source.language.load(slotOf(this.#kernel, operand), source.index(placeOf(operand, index)));
  }

  #zeros(name: string, side: 0 | 1): void {
    const { source } = this.#block;
    const count = this.#lines[side].padded / 2;
    source.line(`float ${name}[${count}];`);
    eachOf(source, ["i", count], () => source.line(`${name}[i] = 0;`));
  }

  /** `scores`, and `slopes`, the cotangents of shares. */
  #scores(axis: "query" | "key", own: Parameters<typeof multiplyRows>[2]["own"], other: typeof own): void {
    const { source } = this.#block;
    const { others } = this.#tile;
    multiplyRows(source, this.#format, { sums: "scores", own, begin: this.#at(0), others });
    this.#block.finishScores(axis);
    multiplyRows(source, this.#format, { sums: "slopes", own: other, begin: this.#at(1), others });
  }

  #at(side: 0 | 1): string {
    return side === 0 ? "here" : `here + ${this.#tile.others * this.#lines[0].pitch}`;
  }

  #add(sums: string, shares: string, side: 0 | 1): void {
    const { others, high } = this.#tile;
    const lines = this.#lines[side];
    multiplyColumns(this.#block.source, this.#format, { sums, shares, high, begin: this.#at(side), others, lines });
  }

  #finish(axis: "query" | "key", result: number, sums: string, side: 0 | 1): void {
    const { source, attrs } = this.#block;
    const scale = source.language.constant("float32", attrs.scale);
    const value = result === 2 ? "sum" : `sum * ${scale}`;
    this.#block.finish(axis, this.#kernel.results[result]!, sums, this.#lines[side], value);
  }
}
