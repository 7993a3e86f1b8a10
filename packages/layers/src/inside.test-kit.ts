import { type AnyLayer, Layer, sequential } from "@tenon/layers";
import { type Context, key, type Tensor, type TensorType } from "@tenon/tensor";

/** A layer built by itself. */
export const built = <L extends AnyLayer>(layer: L, ...inputs: readonly TensorType[]): L =>
  layer.build({ key: key(0), inputs });

/** Builds a layer as `encoder.<kind>1` of a model, for the texts of its errors. */
export const inside = (layer: Layer, input: TensorType): AnyLayer =>
  built(sequential({ encoder: sequential([layer]) }), input);

/** Builds a layer of several inputs as `head` of a model. */
export const insideWith = (layer: Layer<readonly Tensor[], Tensor>, ...inputs: readonly TensorType[]): AnyLayer =>
  built(new Merging(layer), ...inputs);

class Merging extends Layer<readonly Tensor[]> {
  readonly head: Layer<readonly Tensor[], Tensor>;
  constructor(head: Layer<readonly Tensor[], Tensor>) {
    super();
    this.head = head;
  }
  override forward(xs: readonly Tensor[], ctx: Context): Tensor {
    return this.head.call(xs, ctx);
  }
}

/** The elements, in order. */
export const list = async (x: Tensor): Promise<number[]> => Array.from((await x.data()) as Float32Array);
