import {
  addIndex,
  constantIndex,
  type DotKernel,
  type DotOperand,
  floorDiv,
  type Index,
  type IndexVariable,
  multiplyIndex,
} from "@tenon/lowering";
import { Source } from "@tenon/lowering/threads";
import { cudaFor } from "../cuda/language.ts";
import { type KernelSource, kernelSource } from "../cuda/source.ts";
import type { MatrixTile } from "./matrix-tile.ts";

/** What tensor cores take factors as. */
export interface Format {
  /** In the names of functions. */
  readonly name: "bf16" | "f16" | "tf32";
  /** Factors in a word. */
  readonly inWord: 1 | 2;
}

/** How the factors of a product are told to tensor cores without losing anything; undefined where they cannot be. */
export function formatOf({ type, dtype, mul }: Pick<DotKernel, "type" | "dtype" | "mul">): Format | undefined {
  if (type !== "float32") return undefined;
  if (mul === "tf32") return { name: "tf32", inWord: 1 };
  if (mul === "bf16" || dtype === "bfloat16") return { name: "bf16", inWord: 2 };
  return dtype === "float16" ? { name: "f16", inWord: 2 } : undefined;
}

/** Words of a line that a step along k takes. */
const WORDS = 16;
/** Words that a thread stores at once. */
const FOUR = 4;
/** Columns that pass through shared memory to the epilogue at a time. */
const COLUMNS = 32;

/** How far lines lie apart in words, and where four words of one are: the same fours of 8 lines lie in different banks. */
interface Lay {
  readonly pitch: number;
  four(line: string, four: string): string;
}
/** For `ldmatrix`: a line begins 20 banks after the one before, so that 8 lines begin at 8 multiples of 4. */
const padded: Lay = { pitch: 20, four: (line, four) => `${line} * 20 + ${four}` };
/** For descriptors, the 64-byte swizzle: every two lines the fours change places. */
const swizzled: Lay = { pitch: WORDS, four: (line, four) => `${line} * ${WORDS} + (${four} ^ ${line} / 2 % 4 * 4)` };

const ceilDiv = (x: Index, by: number): Index => floorDiv(addIndex(x, by - 1), by);

/** An operand with the axis of the result that it has. */
interface Side {
  readonly name: "a" | "b";
  readonly operand: DotOperand;
  readonly line: IndexVariable;
  readonly lines: Index;
  /** The name of the tile's first line, and how many lines it has. */
  readonly first: string;
  readonly count: number;
  /** Where its tile begins in a buffer, in words. */
  readonly begin: number;
}

/**
 * A product by tensor cores. Slices of both operands lie in shared memory as lines of 16 words along k, rounded and packed on
 * the way; while a warp multiplies one slice, its threads load the next into registers. The words of fragments are where `ldmatrix`
 * brings them, for all formats alike. Four warps together take both operands from there by themselves. Sums pass through shared memory to the epilogue, 16 rows and
 * 32 columns of a warp at a time, so that neighbouring threads have neighbouring columns.
 */
export function renderMatrix(kernel: DotKernel, format: Format, tile: MatrixTile): KernelSource {
  const { rows, columns, part, threads, groups: byGroups } = tile;
  const { name, sizes, scalars, slots } = kernel;
  const source = new Source(cudaFor(slots), kernel);
  const [down, across] = [ceilDiv(sizes.rows, rows), ceilDiv(sizes.columns, columns)];
  const depth = WORDS * format.inWord;
  const lay = byGroups ? swizzled : padded;
  const buffer = (rows + columns) * lay.pitch;
  const [aSide, bSide] = [kernel.a, kernel.b].map((operand) => operand.unrounded ?? operand) as [
    DotOperand,
    DotOperand,
  ];
  const sides: readonly Side[] = [
    {
      ...{ name: "a", operand: aSide, line: kernel.row, lines: sizes.rows },
      ...{ first: "first_row", count: rows, begin: 0 },
    },
    {
      ...{ name: "b", operand: bSide, line: kernel.column, lines: sizes.columns },
      ...{ first: "first_column", count: columns, begin: rows * lay.pitch },
    },
  ];
  source.line(`const int across = ${source.index(across)};`);
  source.line(`const int down = ${source.index(down)};`);
  source.line(`const int first_column = group % across * ${columns};`);
  source.line(`const int first_row = group / across % down * ${rows};`);
  source.line("const int batch = group / across / down;");
  source.line("const int lane = thread % 32;");
  source.line(`const int part_row = thread / 32 % ${rows / part.rows} * ${part.rows};`);
  source.line(`const int part_column = thread / 32 / ${rows / part.rows} * ${part.columns};`);
  const count = (part.rows * part.columns) / 32;
  source.line(`float sums[${count}];`);
  eachOf(source, ["i", count], () => source.line("sums[i] = 0;"));
  for (const side of sides) source.line(`float next_${side.name}[${shareOf(side, tile)}][${FOUR * format.inWord}];`);
  const k = source.index(sizes.k);
  for (const side of sides) load(source, kernel, side, format, tile, "0");
  for (const side of sides) store(source, side, format, tile, lay, "0");
  if (byGroups) source.line("tenon_fence_stores();");
  source.line("__syncthreads();");
  source.nested(`for (int step = 0; step < ${k}; step += ${depth})`, () => {
    source.line(`const int ahead = step + ${depth};`);
    source.line(`const int here = step / ${depth} % 2 * ${buffer};`);
    source.if(`ahead < ${k}`, () => {
      for (const side of sides) load(source, kernel, side, format, tile, "ahead");
    });
    if (byGroups) multiplyByGroups(source, format, tile);
    else multiply(source, format, tile);
    source.if(`ahead < ${k}`, () => {
      source.line(`const int there = ahead / ${depth} % 2 * ${buffer};`);
      for (const side of sides) store(source, side, format, tile, lay, "there");
      if (byGroups) source.line("tenon_fence_stores();");
    });
    if (byGroups) source.line("tenon_group_wait(sums);");
    source.line("__syncthreads();");
  });
  const patch = 16 * (Math.min(COLUMNS, part.columns) + 8);
  finish(source, kernel, tile, patch);
  const words = Math.max(2 * buffer, (threads / 32) * patch);
  const declarations = `TENON_TILES(tiles, ${words});`;
  const groups = multiplyIndex(sizes.batch, down, across);
  return kernelSource({ name, threads, groups, scalars, slots, declarations, body: source.text });
}

/** Loops that the compiler writes out, so that arrays stay in registers. */
function eachOf(source: Source, ...loops: readonly (readonly [string, number] | (() => void))[]): void {
  const [loop, ...more] = loops;
  if (typeof loop === "function") {
    loop();
    return;
  }
  const [name, count] = loop!;
  source.line("#pragma unroll");
  source.nested(`for (int ${name} = 0; ${name} < ${count}; ${name}++)`, () => eachOf(source, ...more));
}

/** How many times four words a thread loads of an operand. */
const shareOf = ({ count }: Side, { threads }: MatrixTile): number => Math.ceil((count * (WORDS / FOUR)) / threads);

/** Which line, and which four words of it, a thread has: neighbours load what lies side by side. */
function shared(source: Source, side: Side, tile: MatrixTile, body: () => void): void {
  const { operand, count } = side;
  const [lines, fours] = [count, WORDS / FOUR];
  const alongK = operand.lies !== undefined && operand.lies.strides.k === constantIndex(1);
  eachOf(source, ["share", shareOf(side, tile)], () => {
    source.line(`const int at = thread + share * ${tile.threads};`);
    source.line(`const int own = ${alongK ? `at / ${fours}` : `at % ${lines}`};`);
    source.line(`const int four = ${alongK ? `at % ${fours}` : `at / ${lines}`} * ${FOUR};`);
    if ((lines * fours) % tile.threads === 0) body();
    else source.if(`at < ${lines * fours}`, body);
  });
}

/** Brings a thread's part of a slice into registers, zeros where there is none. */
function load(source: Source, kernel: DotKernel, side: Side, format: Format, tile: MatrixTile, step: string): void {
  const { name, operand, line, lines, first } = side;
  const { inWord } = format;
  shared(source, side, tile, () => {
    source.line(`const int line = ${first} + own;`);
    eachOf(source, ["e", FOUR * inWord], () => {
      source.line(`const int k = ${step} + four * ${inWord} + e;`);
      source.line(`next_${name}[share][e] = 0;`);
      source.if(`line < ${source.index(lines)} && k < ${source.index(kernel.sizes.k)}`, () => {
        source.name(kernel.batch, "batch");
        source.name(line, "line");
        source.name(kernel.k, "k");
        source.statements(operand.block.statements);
        source.line(`next_${name}[share][e] = ${source.value(operand.block.value)};`);
      });
    });
  });
}

/** Brings a thread's part of a slice from registers into shared memory, rounded: nobody waits for it before the slice at hand is done. */
function store(source: Source, side: Side, { name, inWord }: Format, tile: MatrixTile, lay: Lay, buffer: string): void {
  const next = `next_${side.name}[share]`;
  shared(source, side, tile, () => {
    source.line(`unsigned words[${FOUR}];`);
    eachOf(source, ["w", FOUR], () => {
      const word =
        inWord === 1 ? `tenon_to_tf32(${next}[w])` : `tenon_pack_${name}(${next}[2 * w], ${next}[2 * w + 1])`;
      source.line(`words[w] = ${word};`);
    });
    source.line(`tenon_store_four(tiles, ${buffer} + ${side.begin} + ${lay.four("own", "four")}, words);`);
  });
}

/** Adds a slice to the sums of a warp. */
function multiply(source: Source, { name }: Format, { rows, part }: MatrixTile): void {
  const [high, wide] = [part.rows / 16, part.columns / 8];
  eachOf(source, ["w", WORDS / 8], () => {
    source.line(`unsigned p[${high}][4], q[${wide / 2}][4];`);
    // rows 0 to 7 and 8 to 15 with words 0 to 3, then both with words 4 to 7
    const row = padded.four("(part_row + i * 16 + lane % 16)", "w * 8 + lane / 16 * 4");
    eachOf(source, ["i", high], () => source.line(`tenon_load_matrices(p[i], tiles, here + ${row});`));
    // columns 0 to 7 with words 0 to 3 and 4 to 7, then columns 8 to 15
    const column = padded.four("(part_column + j * 16 + lane / 16 * 8 + lane % 8)", "w * 8 + lane / 8 % 2 * 4");
    const begin = `here + ${rows * padded.pitch}`;
    eachOf(source, ["j", wide / 2], () => source.line(`tenon_load_matrices(q[j], tiles, ${begin} + ${column});`));
    eachOf(source, ["i", high], ["j", wide], () =>
      source.line(`tenon_multiply_${name}(sums + (i * ${wide} + j) * 4, p[i], q[j / 2] + j % 2 * 2);`),
    );
  });
}

/** Begins to add a slice to the sums of warpgroups. */
function multiplyByGroups(source: Source, { name }: Format, { rows, columns }: MatrixTile): void {
  source.line("tenon_group_begin(sums);");
  eachOf(source, ["w", WORDS / 8], () => {
    const [a, b] = [`thread / 128 * ${64 * swizzled.pitch}`, `${rows * swizzled.pitch}`].map(
      (begin) => `tenon_descriptor(tenon_shared_address(tiles, here + ${begin} + w * 8))`,
    );
    source.line(`tenon_group_multiply_${name}_${columns}(sums, ${a}, ${b});`);
  });
  source.line("tenon_group_commit();");
}

/** The epilogue, for parts of what each warp has, one after the other. */
function finish(source: Source, kernel: DotKernel, { part }: MatrixTile, patch: number): void {
  const { sizes } = kernel;
  const columns = Math.min(COLUMNS, part.columns);
  const [high, across, wide] = [part.rows / 16, part.columns / columns, columns / 8];
  const pitch = columns + 8;
  source.line(`const int patch = thread / 32 * ${patch};`);
  eachOf(source, ["i", high], ["c", across], () => {
    // a lane has two columns of row lane / 4, and two of the row 8 below
    eachOf(source, ["j", wide], ["e", 4], () => {
      const at = `patch + (lane / 4 + e / 2 * 8) * ${pitch} + j * 8 + lane % 4 * 2 + e % 2`;
      source.line(`tiles[${at}] = tenon_bits(sums[((i * ${across} + c) * ${wide} + j) * 4 + e]);`);
    });
    source.line("__syncwarp();");
    source.line("#pragma unroll 1");
    source.nested(`for (int at = lane; at < ${16 * columns}; at += 32)`, () => {
      source.line(`const int row = first_row + part_row + i * 16 + at / ${columns};`);
      source.line(`const int column = first_column + part_column + c * ${columns} + at % ${columns};`);
      source.if(`row < ${source.index(sizes.rows)} && column < ${source.index(sizes.columns)}`, () => {
        const sum = `tiles[patch + at / ${columns} * ${pitch} + at % ${columns}]`;
        source.line(`const float product = tenon_float(${sum});`);
        for (const [variable, text] of [
          [kernel.batch, "batch"],
          [kernel.row, "row"],
          [kernel.column, "column"],
          [kernel.product, "product"],
        ] as const)
          source.name(variable, text);
        source.statements(kernel.epilogue);
      });
    });
    source.line("__syncwarp();");
  });
}
