import {
  addIndex,
  type ClaimedKernel,
  constantIndex,
  floorDiv,
  type Index,
  multiplyIndex,
  type Strided,
} from "@tenon/lowering";
import { convAttrs } from "./conv-product.ts";

/** What a convolution sees along one axis of its images. */
export interface Axis {
  /** Of the image, of the kernel, and of the result. */
  readonly size: Index;
  readonly taps: Index;
  readonly places: Index;
  readonly stride: number;
  readonly dilation: number;
  readonly low: number;
  /** How far places of the image lie apart, zeros between them. */
  readonly between: number;
  /** Bytes from one place of the image to the next. */
  readonly bytes: Index;
}

/** Images of rows and columns as a convolution sees them; a row alone where it has one axis. */
export interface Images {
  readonly x: Strided;
  readonly rows: Axis;
  readonly columns: Axis;
  readonly examples: Index;
  readonly channels: Index;
  /** Channels that a group sees, and results that it gives. */
  readonly perGroup: Index;
  readonly results: Index;
  readonly groups: number;
  /** Whether windows reach beyond the image. */
  readonly padded: boolean;
}

export const one = constantIndex(1);
export const inBytes = (x: Index): Index => multiplyIndex(x, 4);
const lone: Axis = {
  size: one,
  taps: one,
  places: one,
  stride: 1,
  dilation: 1,
  low: 0,
  between: 1,
  bytes: constantIndex(0),
};

export function imagesOf(kernel: ClaimedKernel): Images | undefined {
  const [x, w] = kernel.inputs as readonly [Strided, Strided];
  const { stride, lo, lhsDilation, rhsDilation, groups } = convAttrs(kernel);
  const { hi } = kernel.attrs as unknown as { readonly hi: readonly unknown[] };
  const axes = lo.map(
    (low, i): Axis => ({
      size: x.sizes[i + 1]!,
      taps: w.sizes[i]!,
      places: kernel.results[0]!.axes[i + 1]!.size,
      stride: stride[i]!,
      dilation: rhsDilation[i]!,
      low,
      between: lhsDilation[i]!,
      bytes: inBytes(x.strides[i + 1]!),
    }),
  );
  if (axes.length > 2) return undefined;
  const [rows, columns] = axes.length === 1 ? [lone, axes[0]!] : (axes as [Axis, Axis]);
  return {
    x,
    rows,
    columns,
    examples: x.sizes[0]!,
    channels: x.sizes.at(-1)!,
    perGroup: w.sizes.at(-2)!,
    results: floorDiv(w.sizes.at(-1)!, groups),
    groups,
    padded: [...lo, ...hi].some((n) => n !== 0),
  };
}

/** How far the taps of a kernel lie apart, the first and the last of them included. */
export const reachOf = ({ taps, dilation }: Axis): Index => addIndex(multiplyIndex(addIndex(taps, -1), dilation), 1);

/** How many places of the image the windows of all places of the result see. */
export const seenOf = (axis: Axis): Index =>
  addIndex(multiplyIndex(addIndex(axis.places, -1), axis.stride), reachOf(axis));

/** Whether the elements of a row of the image are one run in memory. */
export const isRow = ({ columns, channels, x }: Images): boolean =>
  columns.size === one || x.strides.at(-2) === channels || (channels === one && x.strides.at(-2) === one);
