import { GroupNorm, type GroupNormOptions } from "./group-norm.ts";

/**
 * A layer that gives each channel of each example mean 0 and variance 1, times a scale, plus a bias: a `groupNorm` whose
 * groups are the channels. (N, *, C) → (N, *, C)
 *
 * Ulyanov, Vedaldi & Lempitsky 2016, Instance normalization, arXiv:1607.08022. PyTorch's has neither scale nor bias unless
 * `affine=True`, and an eps of 1e-5.
 */
export const instanceNorm = (options: GroupNormOptions = {}): GroupNorm => new GroupNorm(null, options);
