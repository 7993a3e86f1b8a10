export { Activation, activation } from "./activation.ts";
export {
  type ActivationChoice,
  type ActivationName,
  elu,
  hardSigmoid,
  hardSilu,
  hardTanh,
  leakyRelu,
  mish,
  relu6,
  selu,
  softsign,
} from "./activations.ts";
export {
  AdaptiveAveragePooling,
  adaptiveAveragePooling1d,
  adaptiveAveragePooling2d,
  adaptiveAveragePooling3d,
} from "./adaptive-average-pooling.ts";
export type { AffineOptions } from "./affine.ts";
export type { AttentionCache } from "./attention-cache.ts";
export { BatchNorm, type BatchNormOptions, batchNorm } from "./batch-norm.ts";
export { Bidirectional, type BidirectionalOptions, bidirectional, type MergeMode } from "./bidirectional.ts";
export { Concatenate, concatenate } from "./concatenate.ts";
export { Conv, type Conv1dOptions, type ConvOptions, conv1d, conv2d, conv3d } from "./conv.ts";
export {
  ConvTranspose,
  type ConvTransposeOptions,
  conv1dTranspose,
  conv2dTranspose,
  conv3dTranspose,
} from "./conv-transpose.ts";
export { Cropping, cropping1d, cropping2d, cropping3d } from "./cropping.ts";
export { Cutout, type CutoutOptions, cutout } from "./cutout.ts";
export { Dense, type DenseOptions, dense } from "./dense.ts";
export {
  DepthwiseConv,
  type DepthwiseConvOptions,
  type DepthwiseOptions,
  depthwiseConv1d,
  depthwiseConv2d,
} from "./depthwise-conv.ts";
export { Dot, type DotOptions, dot } from "./dot.ts";
export { Dropout, dropout } from "./dropout.ts";
export { Embedding, type EmbeddingOptions, embedding } from "./embedding.ts";
export { FeedForward, type FeedForwardOptions, feedForward } from "./feed-forward.ts";
export { Flatten, flatten } from "./flatten.ts";
export { freeze, unfreeze } from "./freeze.ts";
export { GaussianDropout, gaussianDropout } from "./gaussian-dropout.ts";
export { GaussianNoise, gaussianNoise } from "./gaussian-noise.ts";
export {
  GlobalPooling,
  type GlobalPoolingOptions,
  globalAveragePooling1d,
  globalAveragePooling2d,
  globalAveragePooling3d,
  globalMaxPooling1d,
  globalMaxPooling2d,
  globalMaxPooling3d,
} from "./global-pooling.ts";
export { GraphNode, type InputOptions, input, type NodesOf } from "./graph-node.ts";
export { GroupNorm, type GroupNormOptions, groupNorm } from "./group-norm.ts";
export { Gru, type GruOptions, gru } from "./gru.ts";
export type { Factor } from "./image-batch.ts";
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
export { instanceNorm } from "./instance-norm.ts";
export { Lambda, lambda } from "./lambda.ts";
export { type AnyLayer, type BuildOptions, Layer, type TypeTree } from "./layer.ts";
export { LayerNorm, type LayerNormOptions, layerNorm } from "./layer-norm.ts";
export { Lstm, type LstmOptions, lstm } from "./lstm.ts";
export { maskOf, withMask } from "./mask.ts";
export { Masking, type MaskingOptions, masking } from "./masking.ts";
export {
  add,
  average,
  Merge,
  type MergeRule,
  maximum,
  minimum,
  multiply,
  subtract,
  type Tensors,
} from "./merge.ts";
export { type Mixable, Mixup, mixup } from "./mixup.ts";
export { GraphModel, type ModelOptions, model, type NodeTree, type TensorsOf } from "./model.ts";
export {
  type AttentionInput,
  type CachedAttentionInput,
  MultiHeadAttention,
  type MultiHeadAttentionOptions,
  multiHeadAttention,
} from "./multi-head-attention.ts";
export { type AdaptData, Normalization, type NormalizationOptions, normalization } from "./normalization.ts";
export type { BiasOptions, KernelOptions } from "./parameter.ts";
export { Permute, permute } from "./permute.ts";
export {
  averagePooling1d,
  averagePooling2d,
  averagePooling3d,
  maxPooling1d,
  maxPooling2d,
  maxPooling3d,
  Pooling,
  type PoolingOptions,
  type PoolSize,
} from "./pooling.ts";
export { PositionEmbedding, type PositionEmbeddingOptions, positionEmbedding } from "./position-embedding.ts";
export type { PositionedInput, SequenceFrom } from "./positions.ts";
export { Prelu, type PreluOptions, prelu } from "./prelu.ts";
export { RandomContrast, type RandomContrastOptions, randomContrast } from "./random-contrast.ts";
export { RandomCrop, randomCrop } from "./random-crop.ts";
export { type FlipMode, RandomFlip, randomFlip } from "./random-flip.ts";
export { RandomRotation, randomRotation } from "./random-rotation.ts";
export { RandomTranslation, randomTranslation } from "./random-translation.ts";
export { RandomZoom, type RandomZoomOptions, randomZoom } from "./random-zoom.ts";
export { Recurrent, type RecurrentOptions, type SequenceInput, type SequenceWithState } from "./recurrent.ts";
export { l1, l1l2, l2, type Regularizer, regularization } from "./regularizers.ts";
export { RepeatVector, repeatVector } from "./repeat-vector.ts";
export type { FillMode, ResampleOptions } from "./resample.ts";
export { resetState } from "./reset-state.ts";
export { Reshape, reshape } from "./reshape.ts";
export { Residual, type ResidualOptions, residual } from "./residual.ts";
export { RmsNorm, type RmsNormOptions, rmsNorm } from "./rms-norm.ts";
export { Rotary, type RotaryOptions, rotary } from "./rotary.ts";
export { SeparableConv, type SeparableConvOptions, separableConv1d, separableConv2d } from "./separable-conv.ts";
export { type LayerList, Sequential, sequential } from "./sequential.ts";
export { SimpleRNN, simpleRNN } from "./simple-rnn.ts";
export { SinusoidalPosition, type SinusoidalPositionOptions, sinusoidalPosition } from "./sinusoidal-position.ts";
export type { Margins, SpatialOptions, SpatialRank } from "./spatial.ts";
export { SpatialDropout, spatialDropout1d, spatialDropout2d, spatialDropout3d } from "./spatial-dropout.ts";
export { type LayerSummary, type Summary, summarize, summary } from "./summary.ts";
export { TimeDistributed, timeDistributed } from "./time-distributed.ts";
export {
  type BlockInput,
  type CachedBlockInput,
  type NormChoice,
  TransformerBlock,
  type TransformerOptions,
} from "./transformer-block.ts";
export { TransformerDecoder, transformerDecoder } from "./transformer-decoder.ts";
export { TransformerEncoder, transformerEncoder } from "./transformer-encoder.ts";
export {
  type Interpolation,
  UpSampling,
  type UpSamplingOptions,
  upSampling1d,
  upSampling2d,
  upSampling3d,
} from "./up-sampling.ts";
export { ZeroPadding, zeroPadding1d, zeroPadding2d, zeroPadding3d } from "./zero-padding.ts";
