import {
  and,
  checkOptions,
  gather,
  iota,
  type Operand,
  OptionError,
  select,
  type Tensor,
  valueText,
} from "@tenon/tensor";
import { checkFloatPixels, imageSize } from "./image-batch.ts";

/** What stands outside of an image a b c d: see `ResampleOptions`. */
export type FillMode = "reflect" | "constant" | "nearest" | "wrap";

export interface ResampleOptions {
  /**
   * What is seen beyond the edge of an image a b c d: "reflect", the default, is d c b a | a b c d | d c b a; "constant"
   * the fill value, "nearest" a a | a b c d | d d, "wrap" c d | a b c d | a b.
   */
  readonly fillMode?: FillMode;
  /** What "constant" fills with, 0 by default. */
  readonly fillValue?: number;
  /** Between pixels: "bilinear" by default, or that of the "nearest" one. */
  readonly interpolation?: "bilinear" | "nearest";
}

export const resampleNames = ["fillMode", "fillValue", "interpolation"] as const;

/** Checked options, all of them. */
export function resampleOptions(kind: string, options: ResampleOptions): Required<ResampleOptions> {
  const { fillMode = "reflect", fillValue = 0, interpolation = "bilinear" } = options;
  const choices = { fillMode: ["reflect", "constant", "nearest", "wrap"], interpolation: ["bilinear", "nearest"] };
  for (const [name, value] of Object.entries({ fillMode, interpolation })) {
    const known = choices[name as keyof typeof choices];
    if (known.includes(value)) continue;
    throw new OptionError("E803", kind, `${name} is ${valueText(value)}`, { fix: `use one of ${known.join(", ")}` });
  }
  if (!Number.isFinite(fillValue)) {
    throw new OptionError("E803", kind, `fillValue is ${valueText(fillValue)}, which is no finite number`);
  }
  return { fillMode, fillValue, interpolation };
}

/**
 * Where each pixel of the result comes from, in pixels from the middle of the image: row `rowOf[0]·i + rowOf[1]·j +
 * rowOf[2]` and column `columnOf[0]·i + columnOf[1]·j + columnOf[2]`, i being its own row and j its own column. Numbers,
 * or (N, 1, 1).
 */
export interface AffineMap {
  readonly rowOf: readonly [Operand, Operand, Operand];
  readonly columnOf: readonly [Operand, Operand, Operand];
}

/**
 * Images drawn anew under an affine map each, as TensorFlow's `ImageProjectiveTransform`. (N, height, width, C), shape is
 * kept
 *
 * A pixel between others is their bilinear mean. Pixels are found by one index over rows and columns, so that this is a
 * gather on every backend.
 */
export function resample(kind: string, x: Tensor, map: AffineMap, options: Required<ResampleOptions>): Tensor {
  const [height, width] = imageSize(kind, x);
  checkFloatPixels(kind, x);
  const { interpolation } = options;
  const i = iota([1, height, 1], 1, "float32").sub((height - 1) / 2);
  const j = iota([1, 1, width], 2, "float32").sub((width - 1) / 2);
  const at = ([byRow, byColumn, shift]: AffineMap["rowOf"], size: number): Tensor =>
    i
      .mul(byRow)
      .add(j.mul(byColumn))
      .add(shift)
      .add((size - 1) / 2);
  const [row, column] = [at(map.rowOf, height), at(map.columnOf, width)];
  const read = reader(x, [height, width], options);
  if (interpolation === "nearest") return read(row.add(0.5).floor(), column.add(0.5).floor());

  const [top, left] = [row.floor(), column.floor()];
  const down = expand(row.sub(top).cast(x.dtype)); // how much of the lower row, (N, height, width, 1)
  const right = expand(column.sub(left).cast(x.dtype));
  const mix = (a: Tensor, b: Tensor, share: Tensor): Tensor => a.add(b.sub(a).mul(share));
  const line = (y: Tensor): Tensor => mix(read(y, left), read(y, left.add(1)), right);
  return mix(line(top), line(top.add(1)), down);
}

const expand = (weights: Tensor): Tensor => weights.expandDims(-1);

/** What reads the pixels at whole rows and columns, (N, height, width), wherever they are. */
function reader(
  x: Tensor,
  [height, width]: readonly [number, number],
  { fillMode, fillValue }: Required<ResampleOptions>,
): (rows: Tensor, columns: Tensor) => Tensor {
  const [examples, , , channels] = x.shape;
  const pixels = x.reshape([examples!, height * width, channels!]);
  const pick = (rows: Tensor, columns: Tensor): Tensor => {
    const index = rows.mul(width).add(columns).broadcastTo([examples!, height, width]);
    const picked = gather(pixels, index.reshape([examples!, height * width]), { axis: 1, batch: 1 });
    return picked.reshape(x.shape);
  };
  return (rows, columns) => {
    const [r, c] = [rows.cast("int32"), columns.cast("int32")];
    if (fillMode !== "constant") return pick(inside(r, height, fillMode), inside(c, width, fillMode));
    const [nearR, nearC] = [inside(r, height, "nearest"), inside(c, width, "nearest")];
    const here = and(r.equal(nearR), c.equal(nearC));
    return select(expand(here), pick(nearR, nearC), fillValue);
  };
}

/** Numbers of rows or columns as one of the `size` that there are. */
function inside(at: Tensor, size: number, fillMode: Exclude<FillMode, "constant">): Tensor {
  if (fillMode === "nearest") return at.clamp(0, size - 1);
  if (fillMode === "wrap") return modulo(at, size);
  const there = modulo(at, 2 * size); // there and back
  return select(there.less(size), there, there.neg().add(2 * size - 1));
}

/** The remainder from 0 on. */
const modulo = (x: Tensor, n: number): Tensor => x.rem(n).add(n).rem(n);

/** Throws on an option that is not of these or of resampling. */
export const checkResampling = (kind: string, options: object, more: readonly string[] = []): void =>
  checkOptions(kind, options, [...more, ...resampleNames]);
