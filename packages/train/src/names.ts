import {
  binaryCrossEntropy,
  categoricalCrossEntropy,
  categoricalHinge,
  hinge,
  huber,
  klDivergence,
  meanAbsoluteError,
  meanSquaredError,
  sparseCategoricalCrossEntropy,
} from "@tenon/losses";
import { binaryAccuracy, type Metric as KnownMetric, type MetricName, metric } from "@tenon/metrics";
import { adagrad, adam, adamw, momentum, nesterov, rmsprop, sgd } from "@tenon/optimizers";
import { OptionError, type Tensor, valueText } from "@tenon/tensor";
import type { BoundOptimizer, Loss, Metric, Optimizer } from "./model.ts";
import { named } from "./options.ts";

const losses = {
  binaryCrossEntropy,
  categoricalCrossEntropy,
  categoricalHinge,
  hinge,
  huber,
  klDivergence,
  meanAbsoluteError,
  meanSquaredError,
  sparseCategoricalCrossEntropy,
  mae: meanAbsoluteError,
  mse: meanSquaredError,
} as const;

const optimizers = { adagrad, adam, adamw, momentum, nesterov, rmsprop, sgd } as const;

export type LossName = keyof typeof losses;
export type OptimizerName = keyof typeof optimizers;
export type { MetricName };

export function lossOf(loss: unknown): Loss {
  if (typeof loss === "function") return loss as Loss;
  if (typeof loss === "string") return named<Loss>("Trainer", "loss", loss, losses);
  throw new OptionError("E803", "Trainer", `loss is ${valueText(loss)}, which is no loss`, {
    fix: "give a function (predictions, targets) => loss, such as sparseCategoricalCrossEntropy",
  });
}

export function optimizerOf(optimizer: unknown): Optimizer | BoundOptimizer {
  if (typeof optimizer === "string") return named<() => Optimizer>("Trainer", "optimizer", optimizer, optimizers)();
  const has = (name: string): boolean => typeof (optimizer as Record<string, unknown> | null)?.[name] === "function";
  if (has("bind") || has("apply")) {
    if (typeof optimizer === "object") return optimizer as Optimizer | BoundOptimizer;
  }
  throw new OptionError("E803", "Trainer", `optimizer is ${valueText(optimizer)}, which is no optimizer`, {
    fix: typeof optimizer === "function" ? "call it, as in adam()" : "give one such as adam({ learningRate: 1e-3 })",
  });
}

/**
 * The metrics that are meant. Where the model ends with a sigmoid, its one score per example is a probability, and `accuracy`
 * takes it for that.
 */
export function metricsFor(wanted: readonly unknown[], predictions?: Tensor): readonly Metric[] {
  const found = wanted.map((one) => {
    const isOne = predictions !== undefined && (predictions.rank < 2 || predictions.shape.at(-1) === 1);
    if (one === "accuracy" && isOne && activationOf(predictions) === "sigmoid") {
      return { ...binaryAccuracy({ fromProbabilities: true }), name: "accuracy" };
    }
    const isMetric = typeof one === "object" && one !== null && "update" in one && "init" in one && "result" in one;
    return isMetric ? (one as Metric) : metric(one as MetricName | KnownMetric);
  });
  const names = ["loss", ...found.map(({ name }) => name)];
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return found;
  throw new OptionError("E803", "Trainer", `two metrics are called ${twice}`, {
    fix: 'give one of them another name, as in { ...precision(), name: "other" }',
  });
}

/** Losses that take logits, unless they are told otherwise, and the activation that makes probabilities of these. */
const takesLogits = new Map<unknown, "sigmoid" | "softmax">([
  [binaryCrossEntropy, "sigmoid"],
  [categoricalCrossEntropy, "softmax"],
  [sparseCategoricalCrossEntropy, "softmax"],
]);

/** The loss; a cross-entropy of `@tenon/losses` is told where the model gives probabilities. */
export function suitedLoss(loss: Loss, predictions: Tensor): Loss {
  const activation = takesLogits.get(loss);
  if (activation === undefined || activationOf(predictions) !== activation) return loss;
  const told = loss as (predictions: Tensor, targets: Tensor, options: object) => Tensor;
  return (p, targets) => told(p, targets, { fromProbabilities: true });
}

/** The activation that a result was computed by last, whatever its elements were moved by since. */
function activationOf({ node }: Tensor): string | undefined {
  const { op, attrs, inputs } = node;
  if (op.kind === "structural" && op.numeric === "exact" && inputs.length === 1) return activationOf(inputs[0]!);
  return op.name === "nn.linear" ? String((attrs as { act?: unknown }).act) : op.name.replace(/^nn\./, "");
}
