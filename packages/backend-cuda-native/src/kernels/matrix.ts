import type { DotKernel } from "@tenon/lowering";
import { Source } from "@tenon/lowering/threads";
import { cudaFor } from "../cuda/language.ts";
import { type KernelSource, kernelSource } from "../cuda/source.ts";
import { eachOf } from "./each.ts";
import type { Format } from "./fours.ts";
import { bufferOf, padded, swizzled, WORDS } from "./matrix-lay.ts";
import { type MatrixSide, Slices } from "./matrix-slices.ts";
import type { MatrixTile } from "./matrix-tile.ts";
import { beginTile, finishElement, sidesOf } from "./tiles.ts";

/** How the factors of a product are told to tensor cores without losing anything; undefined where they cannot be. */
export function formatOf({ type, dtype, mul }: Pick<DotKernel, "type" | "dtype" | "mul">): Format | undefined {
  if (type !== "float32") return undefined;
  if (mul === "tf32") return { name: "tf32", inWord: 1 };
  if (mul === "bf16" || dtype === "bfloat16") return { name: "bf16", inWord: 2 };
  return dtype === "float16" ? { name: "f16", inWord: 2 } : undefined;
}

/** Columns that pass through shared memory to the epilogue at a time. */
const COLUMNS = 32;

/**
 * A product by tensor cores. Slices of both operands lie in shared memory as lines of 16 words along k; while a warp multiplies one,
 * its threads load the next. The words of fragments are where `ldmatrix` brings them, for all formats alike; four warps together
 * take both operands from there by themselves. Sums pass through shared memory to the epilogue, 16 rows and 32 columns of a warp at
 * a time, so that neighbouring threads have neighbouring columns.
 */
export function renderMatrix(kernel: DotKernel, format: Format, tile: MatrixTile): KernelSource {
  const { rows, part, threads, teams, groups: byGroups } = tile;
  const { name, sizes, scalars, slots } = kernel;
  const source = new Source(cudaFor(slots), kernel);
  const depth = WORDS * format.inWord;
  const lay = byGroups ? swizzled : padded;
  const buffer = bufferOf(tile, lay);
  const sides = sidesOf(kernel, tile).map(
    (side, i): MatrixSide => ({
      ...{ ...side, operand: side.operand.unrounded ?? side.operand },
      begin: i * rows * lay.pitch,
    }),
  );
  const groups = beginTile(source, kernel, tile);
  source.line("const int lane = thread % 32;");
  source.line(`const int member = thread % ${threads};`);
  source.line(`const int team = thread / ${threads};`);
  source.line(`const int part_row = member / 32 % ${rows / part.rows} * ${part.rows};`);
  source.line(`const int part_column = member / 32 / ${rows / part.rows} * ${part.columns};`);
  const count = (part.rows * part.columns) / 32;
  source.line(`float sums[${count}];`);
  eachOf(source, ["i", count], () => source.line("sums[i] = 0;"));
  const k = source.index(sizes.k);
  const slices = sides.map((side) => new Slices(source, kernel, side, format, tile, lay));
  const arrive = (buffer: string): void => {
    for (const slice of slices) slice.store(buffer);
    if (slices.some(({ way }) => way === "copied")) source.line("tenon_wait_copies();");
    if (byGroups) source.line("tenon_fence_stores();");
  };
  source.line(`const int first_term = team * ${depth};`);
  source.line(`const int first_word = team * ${2 * buffer};`);
  for (const slice of slices) slice.load("first_term", "first_word");
  arrive("first_word");
  source.line("__syncthreads();");
  const stride = depth * teams;
  source.nested(`for (int step = 0; step < ${k}; step += ${stride})`, () => {
    source.line(`const int ahead = step + ${stride};`);
    source.line(`const int here = first_word + step / ${stride} % 2 * ${buffer};`);
    source.line(`const int there = 2 * first_word + ${buffer} - here;`);
    source.if(`ahead < ${k}`, () => {
      for (const slice of slices) slice.load("ahead + first_term", "there");
    });
    if (byGroups) multiplyByGroups(source, format, tile);
    else multiply(source, format, tile);
    source.if(`ahead < ${k}`, () => arrive("there"));
    if (byGroups) source.line("tenon_group_wait(sums);");
    source.line("__syncthreads();");
  });
  const patch = 16 * (Math.min(COLUMNS, part.columns) + 8);
  finish(source, kernel, tile, patch);
  const words = teams * Math.max(2 * buffer, (threads / 32) * patch);
  const declarations = `TENON_TILES(tiles, ${words});`;
  return kernelSource({ name, threads: threads * teams, groups, scalars, slots, declarations, body: source.text });
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
    const [a, b] = [`member / 128 * ${64 * swizzled.pitch}`, `${rows * swizzled.pitch}`].map(
      (begin) => `tenon_descriptor(tenon_shared_address(tiles, here + ${begin} + w * 8))`,
    );
    source.line(`tenon_group_multiply_${name}_${columns}(sums, ${a}, ${b});`);
  });
  source.line("tenon_group_commit();");
}

/** The epilogue, for parts of what each warp has, one after the other. Teams add up their sums in order, and share the elements. */
function finish(source: Source, kernel: DotKernel, { part, threads, teams }: MatrixTile, patch: number): void {
  const columns = Math.min(COLUMNS, part.columns);
  const [high, across, wide] = [part.rows / 16, part.columns / columns, columns / 8];
  const pitch = columns + 8;
  const barrier = teams === 1 ? "__syncwarp();" : "__syncthreads();";
  source.line(`const int patch = thread / 32 * ${patch};`);
  eachOf(source, ["i", high], ["c", across], () => {
    // a lane has two columns of row lane / 4, and two of the row 8 below
    eachOf(source, ["j", wide], ["e", 4], () => {
      const at = `patch + (lane / 4 + e / 2 * 8) * ${pitch} + j * 8 + lane % 4 * 2 + e % 2`;
      source.line(`tiles[${at}] = tenon_bits(sums[((i * ${across} + c) * ${wide} + j) * 4 + e]);`);
    });
    source.line(barrier);
    source.line("#pragma unroll 1");
    source.nested(`for (int at = lane + team * 32; at < ${16 * columns}; at += ${32 * teams})`, () => {
      source.line(`const int row = first_row + part_row + i * 16 + at / ${columns};`);
      source.line(`const int column = first_column + part_column + c * ${columns} + at % ${columns};`);
      finishElement(source, kernel, () => {
        source.line(`const int place = member / 32 * ${patch} + at / ${columns} * ${pitch} + at % ${columns};`);
        source.line("float product = tenon_float(tiles[place]);");
        if (teams > 1)
          eachOf(source, ["t", teams - 1], () =>
            source.line(`product += tenon_float(tiles[place + (t + 1) * ${(threads / 32) * patch}]);`),
          );
      });
    });
    source.line(barrier);
  });
}
