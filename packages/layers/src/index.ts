export { Activation, activation } from "./activation.ts";
export { type ActivationChoice, type ActivationName, elu, leakyRelu, selu } from "./activations.ts";
export type { AffineOptions } from "./affine.ts";
export { BatchNorm, type BatchNormOptions, batchNorm } from "./batch-norm.ts";
export { Dense, type DenseOptions, dense } from "./dense.ts";
export { Dropout, dropout } from "./dropout.ts";
export { Embedding, type EmbeddingOptions, embedding } from "./embedding.ts";
export { Flatten, flatten } from "./flatten.ts";
export { freeze, unfreeze } from "./freeze.ts";
export { constant, ones, zeros } from "./initializers/constant.ts";
export type { Initializer, InitializerChoice, InitializerName } from "./initializers/initializer.ts";
export { orthogonal } from "./initializers/orthogonal.ts";
export { type NormalOptions, normal, truncatedNormal, uniform } from "./initializers/random.ts";
export {
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  lecunNormal,
  lecunUniform,
} from "./initializers/variance-scaling.ts";
export { type AnyLayer, type BuildOptions, Layer } from "./layer.ts";
export { LayerNorm, type LayerNormOptions, layerNorm } from "./layer-norm.ts";
export { l1, l1l2, l2, type Regularizer, regularization } from "./regularizers.ts";
export { Reshape, reshape } from "./reshape.ts";
export { type LayerList, Sequential, sequential } from "./sequential.ts";
export { type LayerSummary, type Summary, summarize, summary } from "./summary.ts";
