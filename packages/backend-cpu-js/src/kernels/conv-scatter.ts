import { addIndex, type ClaimedKernel, type Index, maximum, multiplyIndex, type Strided } from "@tenon/lowering";
import type { ModuleBuilder } from "../assembler/module.ts";
import type { Func, Local } from "../assembler/values.ts";
import type { Target } from "../render/body.ts";
import { type Axis, type Images, imagesOf, inBytes, reachOf } from "./conv-images.ts";
import { packPlacesFunction } from "./conv-pack-places.ts";
import type { ConvProduct } from "./conv-product.ts";
import { scatterTileFunction } from "./conv-scatter-tile.ts";
import { writeEpilogue } from "./dot-epilogue.ts";
import { packFunction } from "./dot-pack.ts";
import { BLOCK_ROWS } from "./dot-plan.ts";
import { type Level, tileShape } from "./dot-tile.ts";
import { placesIn } from "./scratch.ts";
import { atMost, integers, stepping } from "./stepping.ts";
import { templateFunction } from "./template.ts";

/** Most channels of a group: a panel of them and one of the kernel fit in a first-level cache. */
const MAX_CHANNELS = 512;
/** By so much the places of a result must outnumber those of the image, so that going over the latter is quicker. */
const WORTH = 1.1;

/**
 * A convolution that goes over the places of its image instead of those of its result: what an image's place gives to each tap is added
 * where it belongs. Where there are zeros between the places, or many around them, as in the gradient of a strided or an
 * unpadded convolution, nothing is multiplied by them. It is the product of the places with the kernel's taps and
 * results side by side, whose tiles begin with what is there, and end there.
 */
export interface Scatter {
  readonly images: Images;
  /** Places of the result with all that taps reach, and how many of them lie before the first. */
  readonly height: Index;
  readonly width: Index;
  readonly above: Index;
  readonly before: Index;
  /** Bytes of a place: results of a group in whole panels. */
  readonly placeBytes: number;
  readonly panels: number;
}

export function scatterOf(kernel: ClaimedKernel, { dense }: ConvProduct): Scatter | undefined {
  const images = imagesOf(kernel);
  if (images === undefined || dense !== "k" || images.perGroup.high > MAX_CHANNELS) return undefined;
  const { rows, columns, results } = images;
  const axes = [rows, columns];
  const [seen, given] = [axes.map(({ size }) => size), axes.map(({ places }) => places)].map((list) =>
    list.reduce((n, { low, high }) => (low === high ? n * low : Number.NaN), 1),
  );
  const apart = axes.some(({ between }) => between > 1);
  if (!apart && !(seen! * WORTH < given!)) return undefined;
  const [above, before] = axes.map(({ taps, dilation, low }) =>
    addIndex(multiplyIndex(addIndex(taps, -1), dilation), -low),
  );
  if (axes.some(({ stride }) => stride > 1) || [above!, before!].some(({ low }) => low < 0)) return undefined;
  const panels = Math.ceil(results.low / 8);
  const spans = axes.map((axis, i) => maximum(spanOf(axis), addIndex(axis.places, [above!, before!][i]!)));
  return {
    ...{ images, above: above!, before: before!, panels, placeBytes: 32 * panels },
    ...{ height: spans[0]!, width: spans[1]! },
  };
}

const spanOf = (axis: Axis): Index => addIndex(multiplyIndex(addIndex(axis.size, -1), axis.between), reachOf(axis));

interface ScatterPlan {
  readonly packedB: Index;
  readonly packedA: Index;
  /** Where each line of a block adds what its first tap gives. */
  readonly targets: Index;
  readonly sums: Index;
  readonly bytes: Index;
}

function planOf({ images, height, width, placeBytes, panels }: Scatter, level: Level): ScatterPlan {
  const { rows } = tileShape("float32", level);
  const { perGroup } = images;
  const taps = multiplyIndex(images.rows.taps, images.columns.taps);
  return placesIn({
    packedB: multiplyIndex(taps, perGroup, 32 * panels),
    packedA: multiplyIndex(perGroup, 4 * BLOCK_ROWS),
    targets: maximum(4 * (BLOCK_ROWS + rows)),
    // lines that are not there add behind the last row
    sums: multiplyIndex(addIndex(height, reachOf(images.rows)), width, placeBytes),
  });
}

export const scatterBytes = (scatter: Scatter, level: Level): Index => planOf(scatter, level).bytes;

/** Each image of each group is a part. */
export const scatterParts = ({ images }: Scatter): Index => multiplyIndex(images.examples, images.groups);

export function renderScatter(
  m: ModuleBuilder,
  { kernel: product }: ConvProduct,
  w: Strided,
  scatter: Scatter,
  target: Target,
): Func<readonly []> {
  const { images, panels, placeBytes } = scatter;
  const { x, rows, columns, perGroup, results } = images;
  const plan = planOf(scatter, target);
  const shape = tileShape("float32", target);
  const tile = scatterTileFunction(m, target);
  const packA = packPlacesFunction(m, shape.rows as 4 | 6);
  const packB = packFunction(m, shape.columns, 4);
  return templateFunction(m, product, target, (template) => {
    const { f, slots, scratch, begin, end } = template;
    const { i32, memory } = f;
    const place = (offset: Index): Local<"i32"> => f.let(i32.add(scratch, template.sizes(offset)[0]));
    const [packedB, packedA, targets, sums] = [
      place(plan.packedB),
      place(plan.packedA),
      place(plan.targets),
      place(plan.sums),
    ];
    const [examples, channels, tapRows, tapColumns] = template.sizes(
      images.examples,
      perGroup,
      rows.taps,
      columns.taps,
    );
    const [imageRows, imageColumns, resultRows, resultColumns] = template.sizes(
      ...[rows.size, columns.size, rows.places, columns.places],
    );
    const [xRow, xColumn, xExample] = template.sizes(rows.bytes, columns.bytes, inBytes(x.strides[0]!));
    const [xGroup, wGroup] = template.sizes(
      inBytes(multiplyIndex(perGroup, x.strides.at(-1)!)),
      inBytes(multiplyIndex(results, w.strides.at(-1)!)),
    );
    const kernelStrides = w.strides.slice(0, -2);
    const [wColumn, wRow] = template.sizes(
      inBytes(kernelStrides.at(-1)!),
      kernelStrides.length === 1 ? addIndex(0) : inBytes(kernelStrides[0]!),
    );
    const [wResult, wChannel] = template.sizes(inBytes(w.strides.at(-1)!), inBytes(w.strides.at(-2)!));
    const rowOf = multiplyIndex(scatter.width, placeBytes);
    const [sumsRow, sumsBytes, lineStep] = template.sizes(
      rowOf,
      multiplyIndex(scatter.height, rowOf),
      multiplyIndex(rowOf, rows.between),
    );
    const [tapRow, lines] = template.sizes(multiplyIndex(rowOf, rows.dilation), multiplyIndex(rows.size, columns.size));
    const [above, before] = template.sizes(scatter.above, scatter.before);
    const xBase = f.let(i32.add(slots.get(x.slot)!, template.sizes(inBytes(x.start))[0]));
    const wBase = f.let(i32.add(slots.get(w.slot)!, template.sizes(inBytes(w.start))[0]));

    const [group, packed, example, image, i0, count] = integers(f, 6);
    const [line, column, at, to, row, i, j, a, b, offset] = integers(f, 10);
    const panelBytes = f.let(i32.mul(channels, 32));
    const packKernel = (): void => {
      f.set(to, packedB);
      f.set(b, i32.add(wBase, i32.mul(group, wGroup)));
      stepping(f, line, { from: 0, end: tapRows }, () => {
        stepping(f, column, { from: 0, end: tapColumns }, () => {
          const tap = i32.add(i32.mul(line, wRow), i32.mul(column, wColumn));
          f.call(packB, to, i32.add(b, tap), wResult, wChannel, template.sizes(results)[0], channels);
          f.set(to, i32.add(to, i32.mul(panelBytes, panels)));
        });
      });
    };
    /** Notes where the lines of a block add to. */
    const target0 = (): void => {
      f.set(line, i32.div_u(i0, imageColumns));
      f.set(column, i32.rem_u(i0, imageColumns));
      f.set(row, i32.add(sums, i32.mul(line, lineStep)));
      f.set(at, i32.add(row, i32.mul(column, columns.between * placeBytes)));
      f.set(to, targets);
      stepping(f, i, { from: 0, end: count }, () => {
        i32.store(to, at);
        f.set(to, i32.add(to, 4));
        f.set(at, i32.add(at, columns.between * placeBytes));
        f.set(column, i32.add(column, 1));
        f.if(i32.eq(column, imageColumns), () => {
          f.set(column, 0);
          f.set(row, i32.add(row, lineStep));
          f.set(at, row);
        });
      });
      const nowhere = f.let(i32.add(sums, sumsBytes));
      for (let n = 0; n < shape.rows; n++) i32.store(to, nowhere, 4 * n);
    };
    const packBlock = (): void => {
      f.set(line, i32.div_u(i0, imageColumns));
      f.set(column, i32.rem_u(i0, imageColumns));
      f.set(row, i32.add(image, i32.mul(line, xRow)));
      f.set(at, i32.add(row, i32.mul(column, xColumn)));
      const first = [at, row, image, column, line] as const;
      const sizes = [imageColumns, imageRows, xColumn, xRow, 0] as const;
      f.call(packA, packedA, count, 0, channels, ...first, ...sizes, channels, 1, 0, 0);
    };
    const multiplyBlock = (): void => {
      f.set(b, packedB);
      stepping(f, line, { from: 0, end: tapRows }, () => {
        stepping(f, column, { from: 0, end: tapColumns }, () => {
          // the first tap reaches furthest
          const across = i32.mul(i32.sub(i32.sub(tapColumns, 1), column), columns.dilation * placeBytes);
          f.set(offset, i32.add(i32.mul(i32.sub(i32.sub(tapRows, 1), line), tapRow), across));
          stepping(f, j, { from: 0, end: panels }, () => {
            f.set(a, packedA);
            f.set(to, targets);
            stepping(f, i, { from: 0, end: count, step: shape.rows }, () => {
              f.call(tile, a, b, to, offset, channels);
              f.set(a, i32.add(a, i32.mul(channels, 4 * shape.rows)));
              f.set(to, i32.add(to, 4 * shape.rows));
            });
            f.set(b, i32.add(b, panelBytes));
            f.set(offset, i32.add(offset, 32));
          });
        });
      });
    };
    const finishImage = (): void => {
      const [firstRow, rowEnd, columnEnd] = integers(f, 3);
      stepping(f, line, { from: 0, end: resultRows }, () => {
        f.set(firstRow, i32.mul(i32.add(i32.mul(example, resultRows), line), resultColumns));
        f.set(rowEnd, i32.add(firstRow, resultColumns));
        f.set(row, i32.add(sums, i32.mul(i32.add(line, above), sumsRow)));
        f.set(row, i32.add(row, i32.mul(before, placeBytes)));
        stepping(f, j, { from: 0, end: template.sizes(results)[0], step: shape.columns }, () => {
          f.set(columnEnd, atMost(f, i32.add(j, shape.columns), template.sizes(results)[0]));
          f.set(at, i32.add(row, i32.mul(j, 4)));
          const bounds = { row: firstRow, rowEnd, column: j, columnEnd, at };
          writeEpilogue(template, product, shape, group, bounds, [], placeBytes);
        });
      });
    };

    f.set(packed, -1);
    const part = f.let(begin);
    stepping(f, part, { from: begin, end }, () => {
      f.set(group, i32.div_u(part, examples));
      f.set(example, i32.rem_u(part, examples));
      f.if(i32.ne(group, packed), () => {
        packKernel();
        f.set(packed, group);
      });
      memory.fill(sums, 0, sumsBytes);
      f.set(image, i32.add(i32.add(xBase, i32.mul(example, xExample)), i32.mul(group, xGroup)));
      stepping(f, i0, { from: 0, end: lines, step: BLOCK_ROWS }, () => {
        f.set(count, atMost(f, BLOCK_ROWS, f.let(i32.sub(lines, i0))));
        target0();
        packBlock();
        multiplyBlock();
      });
      finishImage();
    });
  });
}
