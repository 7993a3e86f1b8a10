import { addIndex, type ClaimedKernel, type LoopKernel, multiplyIndex, type Strided } from "@tenon/lowering";
import { convAttrs, windowOf } from "./conv-product.ts";
import { loopsOver } from "./loops-over.ts";

/** Most taps of a kernel; each is written out. */
const MAX_TAPS = 49;

/**
 * A convolution in which each channel has a kernel of its own, and gives one result: sums over the taps, on several channels at
 * once. Undefined where it is another one.
 */
export function depthwiseLoops(kernel: ClaimedKernel): LoopKernel | undefined {
  const [x, w] = kernel.inputs as readonly [Strided, Strided];
  const attrs = convAttrs(kernel);
  const channels = x.sizes.at(-1)!;
  const taps = w.sizes.slice(0, -2).map(({ low }) => low);
  const count = taps.reduce((n, size) => n * size, 1);
  const alone = channels.low === attrs.groups && w.sizes.at(-1) === channels && attrs.groups > 1;
  if (!alone || count > MAX_TAPS) return undefined;
  return loopsOver(kernel, (writer, index) => {
    let sum = writer.constant("float32", 0);
    for (let tap = 0; tap < count; tap++) {
      const at = taps.map(() => 0);
      for (let axis = taps.length - 1, rest = tap; axis >= 0; axis--) {
        at[axis] = rest % taps[axis]!;
        rest = Math.floor(rest / taps[axis]!);
      }
      const seen = windowOf(x, attrs, index.slice(1, -1), at);
      const channel = index.at(-1)!;
      const element = [index[0]!, ...seen.index, channel].map((i, axis) => multiplyIndex(i, x.strides[axis]!));
      const weight = [...at, 0, channel].map((i, axis) => multiplyIndex(i, w.strides[axis]!));
      const value = writer.load(x.slot, addIndex(x.start, ...element), seen.inside);
      const inside = writer.alu("select", [writer.test(seen.inside), value, writer.constant("float32", 0)]);
      sum = writer.alu("add", [sum, writer.alu("mul", [inside, writer.load(w.slot, addIndex(w.start, ...weight))])]);
    }
    return [sum];
  });
}
