import {
  addIndex,
  type ClaimedKernel,
  constantIndex,
  floorDiv,
  type Index,
  maximum,
  minimum,
  multiplyIndex,
  subtractIndex,
} from "@tenon/lowering";
import type { ModuleBuilder } from "../assembler/module.ts";
import type { Local } from "../assembler/values.ts";
import { type Images, imagesOf, inBytes, isRow, one, reachOf, seenOf } from "./conv-images.ts";
import { packPlacesFunction } from "./conv-pack-places.ts";
import { packTapsFunction } from "./conv-pack-taps.ts";
import type { ConvProduct } from "./conv-product.ts";
import { stripFunction } from "./conv-strip.ts";
import type { PackingWriter } from "./dot.ts";
import { BLOCK_ROWS } from "./dot-plan.ts";
import type { Template } from "./template.ts";

/** A quicker way to pack the windows of a convolution than from element to element, where there is one. */
export function windowPacking(
  m: ModuleBuilder,
  kernel: ClaimedKernel,
  { dense, kernel: { a } }: ConvProduct,
): PackingWriter | undefined {
  const images = imagesOf(kernel);
  if (images === undefined || dense === undefined || a.lies !== undefined) return undefined;
  if (images.rows.between > 1 || images.columns.between > 1) return undefined;
  if (dense === "rows") return tapsWriter(m, images);
  if (!images.padded) return placesWriter(m, images, undefined);
  return isRow(images) ? placesWriter(m, images, stripOf(images)) : undefined;
}

/** The scratch memory that it takes. */
export function stripBytes(kernel: ClaimedKernel, { dense }: ConvProduct): Index {
  const images = imagesOf(kernel);
  return images?.padded === true && dense === "k" ? stripOf(images).bytes : constantIndex(0);
}

/** Where the images begin. */
function baseOf(template: Template, { x }: Images): Local<"i32"> {
  const { i32 } = template.f;
  return template.f.let(i32.add(template.slots.get(x.slot)!, template.sizes(inBytes(x.start))[0]));
}

/** Products whose steps of k are places: the gradient of a kernel. */
function tapsWriter(m: ModuleBuilder, images: Images): PackingWriter {
  return (template, { tile }, group) => {
    const { f } = template;
    const { i32 } = f;
    const { x, rows, columns, examples } = images;
    const copy = packTapsFunction(m, tile.rows);
    const base = baseOf(template, images);
    const perGroup = template.sizes(inBytes(multiplyIndex(images.perGroup, x.strides.at(-1)!)))[0];
    const line = template.sizes(examples, columns.places);
    const shape = template.sizes(columns.taps, rows.taps, rows.size, columns.size);
    const distances = template.sizes(columns.bytes, rows.bytes, inBytes(x.strides.at(-1)!));
    const windows = [rows.stride, columns.stride, rows.low, columns.low];
    return ({ from, end, k, count, to }) => {
      const first = i32.add(base, i32.mul(group, perGroup));
      const lines = i32.sub(end, from);
      const steps = [columns.dilation, rows.dilation];
      f.call(copy, to, first, from, lines, k, count, ...line, ...windows, ...shape, ...steps, ...distances);
    };
  };
}

/** A few rows of images with zeros around them, in scratch memory. */
interface Strip {
  readonly rowBytes: Index;
  readonly bytes: Index;
}

function stripOf({ rows, columns, channels }: Images): Strip {
  const rowBytes = inBytes(multiplyIndex(seenOf(columns), channels));
  const [reach, { stride }] = [reachOf(rows), rows];
  const perRow = maximum(1, columns.places);
  const perImage = maximum(1, multiplyIndex(columns.places, rows.places));
  // rows of the result that a block of lines goes over, and how often it goes on to the next image
  const further = addIndex(floorDiv(BLOCK_ROWS - 2, perRow), 1);
  const images = addIndex(floorDiv(BLOCK_ROWS - 2, perImage), 1);
  const between = multiplyIndex(images, maximum(0, addIndex(reach, -stride)));
  const count = addIndex(multiplyIndex(further, stride), between, reach);
  return { rowBytes, bytes: multiplyIndex(count, rowBytes) };
}

/** Products whose steps of k are the taps of a window, with their channels. */
function placesWriter(m: ModuleBuilder, images: Images, strip: Strip | undefined): PackingWriter {
  return (template, { tile, bytes: scratchBytes }, group) => {
    const { f } = template;
    const { i32 } = f;
    const { x, rows, columns, channels, perGroup, groups } = images;
    const copy = packPlacesFunction(m, tile.rows as 4 | 6);
    const columnBytes = strip === undefined ? columns.bytes : inBytes(channels);
    const rowBytes = strip === undefined ? rows.bytes : strip.rowBytes;
    const seen = seenOf(rows);
    const exampleBytes = strip === undefined ? inBytes(x.strides[0]!) : multiplyIndex(seen, rowBytes);
    // taps side by side are one run where nothing lies between them
    const joined = groups === 1 && columns.dilation === 1 && (strip !== undefined || isRow(images));
    const [places, lines] = template.sizes(columns.places, rows.places);
    const [column, row, example] = template.sizes(columnBytes, rowBytes, exampleBytes);
    const steps = template.sizes(
      multiplyIndex(columnBytes, columns.stride),
      multiplyIndex(rowBytes, rows.stride),
      exampleBytes,
    );
    const runs = template.sizes(
      joined ? multiplyIndex(columns.taps, perGroup) : perGroup,
      joined ? one : columns.taps,
      multiplyIndex(columnBytes, columns.dilation),
      multiplyIndex(rowBytes, rows.dilation),
    );
    const base = baseOf(template, images);
    const groupBytes = template.sizes(
      inBytes(strip === undefined ? multiplyIndex(perGroup, x.strides.at(-1)!) : perGroup),
    )[0];
    const fill = strip === undefined ? undefined : stripFunction(m);
    const [place, line, image] = [f.local("i32"), f.local("i32"), f.local("i32")];
    const [at, lineAt, imageAt, last] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
    const scratch = fill && f.let(i32.add(template.scratch, template.sizes(scratchBytes)[0]));
    const strips =
      fill &&
      template.sizes(
        ...[seen, rows.size, constantIndex(rows.low)],
        ...marginsOf(images),
        ...[rows.bytes, inBytes(x.strides[0]!)],
      );
    const reach = template.sizes(reachOf(rows))[0];
    return ({ from, end, k, count, to }) => {
      /** The row of the result that a place is in, of all images one after the other. */
      f.set(place, i32.rem_u(from, places));
      f.set(line, i32.div_u(from, places));
      f.set(image, i32.div_u(line, lines));
      f.set(line, i32.rem_u(line, lines));
      const own = (): ReturnType<typeof i32.mul> => i32.mul(line, i32.mul(row, rows.stride));
      if (fill === undefined) {
        f.set(imageAt, i32.add(i32.add(base, i32.mul(group, groupBytes)), i32.mul(image, example)));
        f.set(lineAt, i32.add(imageAt, own()));
      } else {
        const first = f.let(i32.mul(line, rows.stride));
        // from the first row that the first place sees to the last that the last one does
        f.set(last, i32.div_u(i32.sub(end, 1), places));
        const lastRow = i32.mul(i32.rem_u(last, lines), rows.stride);
        const images = i32.mul(i32.sub(i32.div_u(last, lines), image), strips![0]);
        const count = i32.add(i32.sub(i32.add(images, lastRow), first), reach);
        const source = i32.add(base, i32.mul(image, strips!.at(-1)!));
        f.call(fill, scratch!, source, first, count, ...strips!);
        f.set(lineAt, i32.add(scratch!, i32.mul(group, groupBytes)));
        f.set(imageAt, i32.sub(lineAt, own()));
      }
      f.set(at, i32.add(lineAt, i32.mul(place, i32.mul(column, columns.stride))));
      const lineOf = [at, lineAt, imageAt, place, line, places, lines] as const;
      f.call(copy, to, i32.sub(end, from), k, count, ...lineOf, ...steps, ...runs);
    };
  };
}

/** Bytes of zeros in front of a row, bytes of the image, and bytes of zeros behind it, as far as windows see. */
function marginsOf({ columns, channels }: Images): readonly [Index, Index, Index] {
  const seen = seenOf(columns);
  const before = minimum(columns.low, seen);
  const width = minimum(columns.size, subtractIndex(seen, before));
  const bytes = (n: Index): Index => inBytes(multiplyIndex(n, channels));
  return [bytes(before), bytes(width), bytes(subtractIndex(seen, addIndex(before, width)))];
}
