import { batchNorm, conv2d, dense, flatten, Layer, reshape } from "@tenon/layers";
import { serializeSafetensors } from "@tenon/safetensors";
import type { Context, Tensor, Variable } from "@tenon/tensor";
import type { Weights } from "../shared/weights.ts";

const MEAN = 0.1307; // of the pixels of MNIST, and their deviation
const DEVIATION = 0.3081;
const PLACES = 22; // 28 pixels, and 2 fewer after each layer

/** Three layers of 3 × 3 filters and two dense ones, as in Burn's example. (N, 28, 28) → (N, 10) */
export class Net extends Layer {
  image = reshape([28, 28, 1]);
  conv1 = conv2d(8, 3, { activation: "relu" });
  conv2 = conv2d(16, 3, { activation: "relu" });
  conv3 = conv2d(24, 3, { activation: "relu" });
  norm1 = batchNorm({ eps: 1e-5, momentum: 0.9 });
  flat = flatten();
  fc1 = dense(32, { activation: "relu" });
  fc2 = dense(10);
  norm2 = batchNorm({ eps: 1e-5, momentum: 0.9 });

  override forward(x: Tensor, ctx: Context): Tensor {
    const image = this.image.call(x.sub(MEAN).div(DEVIATION), ctx);
    const shapes = this.conv3.call(this.conv2.call(this.conv1.call(image, ctx), ctx), ctx);
    const flat = this.flat.call(this.norm1.call(shapes, ctx), ctx); // normalised after relu, as it was trained
    return this.norm2.call(this.fc2.call(this.fc1.call(flat, ctx), ctx), ctx);
  }
}

/** How a Variable here is made of a tensor there, and back. */
interface Form {
  readonly here: (there: Tensor) => Tensor;
  readonly there: (here: Tensor) => Tensor;
}

const same: Form = { here: (t) => t, there: (t) => t };
/** (out, in) there, (in, out) here. */
const matrix: Form = { here: (t) => t.transpose(), there: (t) => t.transpose() };
/** (out, in, height, width) there, (height, width, in, out) here. */
const filters: Form = { here: (t) => t.transpose([2, 3, 1, 0]), there: (t) => t.transpose([3, 2, 0, 1]) };
/** Of what was made flat: there channel by channel, here place by place. (out, C·H·W) there, (H·W·C, out) here. */
const flattened: Form = {
  here: (t) =>
    t
      .reshape([-1, 24, PLACES, PLACES])
      .transpose([2, 3, 1, 0])
      .reshape([PLACES * PLACES * 24, -1]),
  there: (t) =>
    t
      .reshape([PLACES, PLACES, 24, -1])
      .transpose([3, 2, 0, 1])
      .reshape([-1, 24 * PLACES * PLACES]),
};

/** The Variables by their names in PyTorch, and their forms. */
function named({ conv1, conv2, conv3, norm1, fc1, fc2, norm2 }: Net): [string, Variable, Form][] {
  const layer = (name: string, { weight, bias }: { weight: Variable; bias: Variable | null }, form: Form) =>
    [
      [`${name}.weight`, weight, form],
      [`${name}.bias`, bias!, same],
    ] as [string, Variable, Form][];
  const norm = (name: string, { scale, bias, movingMean, movingVariance }: Net["norm1"]) =>
    [
      [`${name}.weight`, scale!, same],
      [`${name}.bias`, bias!, same],
      [`${name}.running_mean`, movingMean, same],
      [`${name}.running_var`, movingVariance, same],
    ] as [string, Variable, Form][];
  return [
    ...layer("conv1", conv1, filters),
    ...layer("conv2", conv2, filters),
    ...layer("conv3", conv3, filters),
    ...norm("norm1", norm1),
    ...layer("fc1", fc1, flattened),
    ...layer("fc2", fc2, matrix),
    ...norm("norm2", norm2),
  ];
}

/** Gives a network the weights of a file. */
export function assignWeights(net: Net, weights: Weights): void {
  for (const [name, variable, form] of named(net)) variable.assign(form.here(weights.take(name)));
  weights.checkAllTaken();
}

/** The weights of a network as a file that PyTorch's `load_state_dict` takes. */
export async function statedict(net: Net): Promise<Uint8Array> {
  const tensors = named(net).map(async ([name, variable, form]) => {
    const t = form.there(variable.value);
    const bytes = new Uint8Array((await t.data()).buffer.slice(0));
    return [name, { dtype: "F32", shape: t.shape as readonly number[], bytes }] as const;
  });
  return serializeSafetensors(await Promise.all(tensors));
}
