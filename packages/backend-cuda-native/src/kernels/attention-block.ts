import {
  addIndex,
  type ClaimedKernel,
  type ClaimedResult,
  ceilDiv,
  floorDiv,
  type Index,
  multiplyIndex,
  type Strided,
  subtractIndex,
} from "@tenon/lowering";
import { bound, finish, named, placeOf, slotOf } from "@tenon/lowering/claimed";
import { type AttentionAttrs, Source } from "@tenon/lowering/threads";
import { cudaFor } from "../cuda/language.ts";
import { holdOwn, type Own } from "./attention-products.ts";
import { Rows } from "./attention-rows.ts";
import { arrive } from "./attention-stream.ts";
import { type AttentionTile, type Lines, linesOf, ownRows } from "./attention-tile.ts";
import { eachOf } from "./each.ts";
import type { Format } from "./fours.ts";

/** Whose rows a block has, and which it goes over; scores have them as rows and columns. */
export type OwnAxis = "query" | "key";

/** Columns that pass through shared memory to an epilogue at a time. */
const COLUMNS = 32;
/** Words of a row of them. */
const PITCH = COLUMNS + 8;
/** Of a warp's. */
const PATCH = 16 * PITCH;

/** Words through which all warps pass sums. */
export const patches = ({ warps }: AttentionTile): number => warps * PATCH;

/**
 * What blocks of attention's kernels have in common: rows of their own, of one head of an example, 16 or 32 of each warp, and the scores of
 * these and of a tile of other rows.
 */
export class AttentionBlock {
  readonly source: Source;
  readonly kernel: ClaimedKernel;
  readonly format: Format;
  readonly attrs: AttentionAttrs;
  /** Examples, queries and their heads, keys and theirs. */
  readonly sizes: { readonly [letter in "b" | "t" | "h" | "s" | "heads"]: Index };
  readonly tile: AttentionTile;

  constructor(kernel: ClaimedKernel, format: Format, tile: AttentionTile) {
    const [q, k] = kernel.inputs as readonly [Strided, Strided];
    const [b, t, h] = q.sizes as readonly [Index, Index, Index];
    const [s, heads] = [k.sizes[1]!, k.sizes[2]!];
    this.kernel = kernel;
    this.format = format;
    this.tile = tile;
    this.attrs = kernel.attrs as unknown as AttentionAttrs;
    this.sizes = { b, t, h, s, heads };
    this.source = new Source(cudaFor(kernel.slots), kernel);
    this.source.line("const int lane = thread % 32;");
    this.source.line(`const int part_row = thread / 32 * ${16 * tile.high};`);
  }

  get threads(): number {
    return 32 * this.tile.warps;
  }

  /** The number of blocks that have rows of this axis. */
  blocks(own: OwnAxis): Index {
    const { b, t, h, s, heads } = this.sizes;
    const rows = ownRows(this.tile);
    return own === "query" ? multiplyIndex(b, h, ceilDiv(t, rows)) : multiplyIndex(b, heads, ceilDiv(s, rows));
  }

  /** Says whose rows a block has: `example`, `head` or `key_head`, `first_own`. Those that see most come first. */
  begin(own: OwnAxis, block: string): void {
    const { source, sizes } = this;
    const [head, all, heads] =
      own === "query" ? (["head", sizes.t, sizes.h] as const) : (["key_head", sizes.s, sizes.heads] as const);
    const rows = ownRows(this.tile);
    source.line(`const int block = ${block};`);
    source.line(`const int down = ${source.index(ceilDiv(all, rows))};`);
    const tile = own === "query" && this.attrs.causal ? "down - 1 - block % down" : "block % down";
    source.line(`const int first_own = (${tile}) * ${rows};`);
    source.line(`const int ${head} = block / down % ${source.index(heads)};`);
    source.line(`const int example = block / down / ${source.index(heads)};`);
    if (own === "query")
      bound(source, "key_head", floorDiv(multiplyIndex(named(source, "head"), sizes.heads), sizes.h));
  }

  /** The block's rows of an operand, in registers by name or in shared memory from `begin` on. */
  own(axis: OwnAxis, name: string, operand: Strided, begin: number): Own {
    const { source, format } = this;
    const { held, high } = this.tile;
    const own: Own = { name, begin, held, high, lines: linesOf(operand, format) };
    if (held === "registers") source.line(`unsigned ${name}[${high}][${own.lines.words / 8}][4];`);
    source.nested("", () => {
      const whose = axis === "query" ? { head: "head", all: this.sizes.t } : { head: "key_head", all: this.sizes.s };
      const at = { name, operand, count: ownRows(this.tile), threads: this.threads, begin, ...whose };
      const rows = new Rows(source, this.kernel, at, format);
      source.line("const int first = first_own;");
      rows.load("0");
      arrive(source, [rows], "0");
      source.line("__syncthreads();");
      if (held === "registers") {
        holdOwn(source, own);
        source.line("__syncthreads();");
      }
    });
    return own;
  }

  /** For each score of a lane, at `i`: `query` and `key`, which a block's axis says. */
  eachScore(own: OwnAxis, body: () => void): void {
    const { source } = this;
    const { high, others } = this.tile;
    eachOf(source, ["h", high], ["j", others / 8], ["e", 4], () => {
      source.line(`const int i = h * ${others / 2} + j * 4 + e;`);
      source.line(`const int ${own} = first_own + part_row + h * 16 + lane / 4 + e / 2 * 8;`);
      source.line(`const int ${own === "query" ? "key" : "query"} = first + j * 8 + lane % 4 * 2 + e % 2;`);
      body();
    });
  }

  /** Products become scores; those of keys that a query does not see, and of rows that there are not, are -∞. */
  finishScores(own: OwnAxis): void {
    const { source } = this;
    const { high, others } = this.tile;
    const { t, s } = this.sizes;
    const { scale, causal, mask, bias } = this.attrs;
    const [query, key] = [named(source, "query"), named(source, "key")];
    const index = [named(source, "example"), named(source, "head"), query, key];
    const extra = (i: number): string => {
      const operand = this.kernel.inputs[i]!;
      return source.language.load(slotOf(this.kernel, operand), source.index(placeOf(operand, index)));
    };
    const isThere = `query < ${source.index(t)} && key < ${source.index(s)}`;
    const extras = this.kernel.op === "nn.attention" ? 3 : 6; // behind q, k and v, and what the derivative is given besides
    const scaled = `scores[i] * ${source.language.constant("float32", scale)}`;
    if (!bias) eachOf(source, ["i", (high * others) / 2], () => source.line(`scores[i] = ${scaled};`));
    else
      this.eachScore(own, () => {
        source.line(`scores[i] = ${scaled};`);
        source.if(isThere, () => source.line(`scores[i] = scores[i] + ${extra(extras + (mask ? 1 : 0))};`));
      });
    const last = source.index(addIndex(query, subtractIndex(s, t))); // the last key that a query sees
    const seen = [isThere, ...(causal ? [`key <= ${last}`] : []), ...(mask ? [extra(extras)] : [])].join(" && ");
    const hidden = source.language.constant("float32", -Infinity);
    const hide = (): void => this.eachScore(own, () => source.line(`scores[i] = ${seen} ? scores[i] : ${hidden};`));
    if (mask) hide();
    else source.if(this.#isEdge(own), hide);
  }

  /** Whether a warp's queries do not all see all keys of a tile. */
  #isEdge(own: OwnAxis): string {
    const { source } = this;
    const { high, others } = this.tile;
    const { t, s } = this.sizes;
    const part = addIndex(named(source, "first_own"), named(source, "part_row"));
    const [query, key, all] =
      own === "query" ? [part, named(source, "last"), s] : [named(source, "first"), addIndex(part, 16 * high - 1), t];
    source.line(`const int last = first + ${others - 1};`);
    const ends = `last >= ${source.index(all)}`;
    if (!this.attrs.causal) return ends;
    return `${ends} || ${source.index(key)} > ${source.index(addIndex(query, subtractIndex(s, t)))}`;
  }

  /** `e^x`, a power of two for devices. */
  power(x: string): string {
    return `tenon_power_of_two((${x}) * ${this.source.language.constant("float32", Math.LOG2E)})`;
  }

  /** Sums of a block's own rows are a result's elements; those of a warp pass through shared memory 32 columns at a time. */
  finish(own: OwnAxis, result: ClaimedResult, sums: string, { features, padded }: Lines, value: string): void {
    if (result.epilogue.length === 0) return;
    const { source, sizes } = this;
    const columns = padded % COLUMNS === 0 ? COLUMNS : 16;
    const [all, head] = own === "query" ? [sizes.t, "head"] : [sizes.s, "key_head"];
    eachOf(source, ["h", this.tile.high], ["c", padded / columns], () => {
      source.line(`const int patch = thread / 32 * ${PATCH};`);
      eachOf(source, ["j", columns / 8], ["e", 4], () => {
        const at = `patch + (lane / 4 + e / 2 * 8) * ${PITCH} + j * 8 + lane % 4 * 2 + e % 2`;
        source.line(`tiles[${at}] = tenon_bits(${sums}[h * ${padded / 2} + (c * ${columns / 8} + j) * 4 + e]);`);
      });
      source.line("__syncwarp();");
      source.line("#pragma unroll 1");
      source.nested(`for (int at = lane; at < ${16 * columns}; at += 32)`, () => {
        source.line(`const int row = first_own + part_row + h * 16 + at / ${columns};`);
        source.line(`const int feature = c * ${columns} + at % ${columns};`);
        source.if(`row < ${source.index(all)} && feature < ${features}`, () => {
          source.line(`const float sum = tenon_float(tiles[patch + at / ${columns} * ${PITCH} + at % ${columns}]);`);
          source.line(`const float result = ${value};`);
          finish(source, result, "result", ["example", "row", head, "feature"]);
        });
      });
      source.line("__syncwarp();");
    });
  }
}
