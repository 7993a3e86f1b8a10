import { backward, type CheckOptions, checkGradients } from "@tenon/autograd";
import { buildModule, Fn, input, isFloat, type Precision, splat, type Tensor } from "@tenon/ir";
import { materialize, type Sample } from "@tenon/ir/samples";
import { faultText, verifyModule } from "@tenon/ir/verify";
import { type Evaluate, recordSample } from "./sample-runner.ts";
import { gradientTolerance, TRANSPOSE_16_BIT } from "./tolerance.ts";

/**
 * Disagreements between the derivatives of a sample: forward mode against central differences, and reverse mode against
 * forward mode. Where the function is not smooth at the sample's operands, the two modes must still agree.
 */
export function checkSampleGradients(sample: Sample, evaluate: Evaluate): readonly string[] {
  if (!sample.differentiable) return [];
  return disagreements(sample, (...args) => sample.record(args), evaluate);
}

/** The same for the derivative itself, with fixed cotangents. */
export function checkSecondDerivatives(sample: Sample, evaluate: Evaluate): readonly string[] {
  if (!sample.differentiable || sample.kink) return [];
  return disagreements(
    sample,
    (...args) => {
      const results = sample.record(args).filter((y) => isFloat(y.dtype));
      const wrt = args.filter((x) => isFloat(x.dtype));
      const cotangents = results.map((y, i) => splat(0.5 + i, y.shape, y.dtype));
      return backward(results, wrt, cotangents).gradients.filter((dx) => dx !== null);
    },
    evaluate,
  );
}

/** Faults of the module that computes a sample's results and its gradients. */
export function checkGradientModule(sample: Sample): readonly string[] {
  if (!sample.differentiable) return [];
  const { inputs, results } = recordSample(sample);
  const cotangents = results.map((y) => (isFloat(y.dtype) ? input(y) : null));
  const { outputs, gradients } = backward(results, inputs, cotangents);
  const given = [...inputs, ...cotangents.filter((dy) => dy !== null)];
  const fn = new Fn("gradient", given, [...outputs, ...gradients.filter((dx) => dx !== null)]);
  return verifyModule(buildModule({ entries: { gradient: fn } })).map(faultText);
}

function disagreements(
  sample: Sample,
  f: (...args: Tensor[]) => readonly Tensor[],
  evaluate: Evaluate,
): readonly string[] {
  try {
    checkGradients(f, materialize(sample), optionsFor(sample, evaluate));
    return [];
  } catch (error) {
    return [String(error)];
  }
}

function optionsFor({ operands, attrs, kink }: Sample, evaluate: Evaluate): CheckOptions {
  const { mul = "same" } = attrs as { readonly mul?: Precision };
  const short = mul !== "same" || operands.some(({ dtype }) => dtype === "float16" || dtype === "bfloat16");
  const tolerance = short ? { ...gradientTolerance, transpose: TRANSPOSE_16_BIT } : gradientTolerance;
  return { evaluate, tolerance, differences: !kink };
}
