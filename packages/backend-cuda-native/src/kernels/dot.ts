import type { DotKernel } from "@tenon/lowering";
import { Source } from "@tenon/lowering/threads";
import { cudaFor, types } from "../cuda/language.ts";
import { type KernelSource, kernelSource } from "../cuda/source.ts";
import { DotSlices, pitchOf } from "./dot-slices.ts";
import { tileOf } from "./dot-tile.ts";
import { eachOf } from "./each.ts";
import { beginTile, finishElement, sidesOf } from "./tiles.ts";

/**
 * A product by tiles: slices of both operands, `depth` steps of k deep, pass through memory that a block shares, and each
 * thread adds up `size` × `size` elements from them in registers, while the next slices are loaded. Sums of float32 are fused, in
 * the order of k.
 */
export function renderDot(kernel: DotKernel): KernelSource {
  const tile = tileOf(kernel);
  const { rows, columns, depth, size, threads } = tile;
  const { name, sizes, scalars, slots } = kernel;
  const element = types[kernel.type];
  const source = new Source(cudaFor(slots), kernel);
  const width = columns / size; // threads along a row of the tile
  const [a, b] = sidesOf(kernel, tile);
  // a thread has rows four by four and columns two by two: threads of a warp read few different fours, and pairs that lie side by side
  const [high, wide] = [Math.min(4, size), 2];
  const place = (variable: string, first: string, group: number, count: number): string =>
    `${first} * ${group} + ${variable} % ${group} + ${variable} / ${group} * ${(count / size) * group}`;
  const [row, column] = [place("i", "y", high, rows), place("j", "x", wide, columns)];
  const groups = beginTile(source, kernel, tile);
  source.line(`const int x = thread % ${width};`);
  source.line(`const int y = thread / ${width};`);
  source.line(`${element} sums[${size}][${size}];`);
  eachOf(source, ["i", size], ["j", size], () => source.line("sums[i][j] = 0;"));
  const slices = [a, b].map((side) => new DotSlices(source, kernel, side, tile));
  for (const slice of slices) slice.load("0");
  source.nested(`for (int step = 0; step < ${source.index(sizes.k)}; step += ${depth})`, () => {
    for (const slice of slices) slice.store();
    source.line("__syncthreads();");
    source.line(`const int ahead = step + ${depth};`);
    source.if(`ahead < ${source.index(sizes.k)}`, () => {
      for (const slice of slices) slice.load("ahead");
    });
    // written out it would take more registers than two blocks of large tiles have on a multiprocessor
    source.line("#pragma unroll 1");
    source.nested(`for (int k = 0; k < ${depth}; k++)`, () => {
      source.line(`${element} p[${size}], q[${size}];`);
      eachOf(source, ["i", size / high], () =>
        source.line(
          `tenon_read<${high}>(p + i * ${high}, a_tile, k * ${pitchOf(a)} + ${place(`(i * ${high})`, "y", high, rows)});`,
        ),
      );
      eachOf(source, ["j", size / wide], () =>
        source.line(
          `tenon_read<${wide}>(q + j * ${wide}, b_tile, k * ${pitchOf(b)} + ${place(`(j * ${wide})`, "x", wide, columns)});`,
        ),
      );
      eachOf(source, ["i", size], ["j", size], () =>
        source.line(`sums[i][j] = ${multiplyAdd(element, "p[i]", "q[j]", "sums[i][j]")};`),
      );
    });
    source.line("__syncthreads();");
  });
  eachOf(source, ["i", size], ["j", size], () => {
    source.line(`const int row = first_row + ${row};`);
    source.line(`const int column = first_column + ${column};`);
    finishElement(source, kernel, () => source.line(`const ${element} product = sums[i][j];`));
  });
  const declarations = [a, b]
    .map((side) => `TENON_SHARED(${element}, ${side.name}_tile, ${depth * pitchOf(side)});`)
    .join("\n");
  return kernelSource({ name, threads, groups, scalars, slots, declarations, body: source.text });
}

const multiplyAdd = (element: string, p: string, q: string, sum: string): string => {
  if (element === "float") return `fmaf(${p}, ${q}, ${sum})`;
  if (element === "double") return `fma(${p}, ${q}, ${sum})`;
  return `(${element})((unsigned)${sum} + (unsigned)${p} * (unsigned)${q})`;
};
