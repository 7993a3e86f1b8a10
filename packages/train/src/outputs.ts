import { checkOptions, OptionError, Tensor, type TensorType, valueText } from "@tenon/tensor";
import { validationName } from "./history.ts";
import { isLabels } from "./labels.ts";
import type { Loss, Metric } from "./model.ts";
import { type LossName, lossOf, type MetricName, metricsFor, suitedLoss } from "./names.ts";
import type { OneOrMore, Role } from "./roles.ts";

/** How predictions are judged: in one way, or each output of the model in its own, by name. */
export interface Judgement {
  readonly loss: Loss | LossName | Readonly<Record<string, Loss | LossName>>;
  readonly lossWeights?: Readonly<Record<string, number>> | undefined;
  readonly metrics: readonly (Metric | MetricName)[] | Readonly<Record<string, readonly (Metric | MetricName)[]>>;
}

/** An output of a model, and what it is compared with. */
export interface Output {
  /** Its name in the record or list that the model gives; undefined where the loss takes all of that. */
  readonly name: string | undefined;
  readonly loss: Loss;
  /** How much of the whole loss it is. */
  readonly weight: number;
  /** What is measured, each by the name it has in the history. */
  readonly metrics: readonly Metric[];
  /** Whether its targets are numbers of classes. */
  readonly labels: boolean;
  /** The column of its targets. */
  readonly column: string;
}

/** What an output's name gives of a record or list of all. */
export const pick = <T>(all: OneOrMore<T>, name: string | undefined): T =>
  name === undefined ? (all as T) : (all as Readonly<Record<string, T>>)[name]!;

/** `klassLoss` of `klass` and `loss`; the third of a list is `output3Loss`. */
export const nameIn = (output: string | undefined, name: string): string =>
  output === undefined
    ? name
    : validationName(name).replace(/^val/, /^\d+$/.test(output) ? `output${Number(output) + 1}` : output);

/** Throws on losses and metrics that mean nothing, as far as that can be seen without a model. */
export function checkJudgement({ loss, metrics, lossWeights }: Judgement): void {
  for (const each of isNamed(loss) ? Object.values(loss) : [loss]) lossOf(each);
  for (const each of isNamed(metrics) ? Object.values(metrics) : [metrics]) {
    if (Array.isArray(each)) metricsFor(each);
    else {
      throw new OptionError("E803", "Trainer", `metrics is ${valueText(each)}, which is no list`, {
        fix: 'give a list, such as metrics: ["accuracy"]',
      });
    }
  }
  for (const [name, weight] of Object.entries(lossWeights ?? {})) {
    if (typeof weight === "number" && weight >= 0) continue;
    throw new OptionError("E803", "Trainer", `lossWeights.${name} is ${valueText(weight)}, which is no number from 0`);
  }
}

const isNamed = <T extends object>(value: unknown): value is Readonly<Record<string, T>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What becomes of predictions of these types when they are judged. */
export function outputsFor(
  { loss, metrics, lossWeights }: Judgement,
  predictions: OneOrMore<Tensor>,
  targets: Role,
  types: Readonly<Record<string, TensorType>>,
): readonly Output[] {
  const single = predictions instanceof Tensor || targets.keys.length === 0;
  const names: readonly (string | undefined)[] = single ? [undefined] : targets.keys;
  checkNames(names, predictions, { loss, metrics, lossWeights });
  return names.map((name, i): Output => {
    const of = pick(predictions, name);
    const own = lossOf(isNamed(loss) ? loss[name!] : loss);
    const wanted = isNamed(metrics) ? (metrics[name!] ?? []) : metrics;
    const column = targets.columns[i]!;
    const tensor = of instanceof Tensor ? of : undefined;
    return {
      name,
      loss: tensor === undefined ? own : suitedLoss(own, tensor),
      weight: lossWeights?.[name!] ?? 1,
      metrics: metricsFor(wanted, tensor).map((metric) => (name === undefined ? metric : renamed(metric, name))),
      labels:
        tensor !== undefined &&
        (name !== undefined || targets.keys.length === 0) &&
        isLabels(types[column]!, tensor, own),
      column,
    };
  });
}

const renamed = (metric: Metric, output: string): Metric => ({
  name: nameIn(output, metric.name),
  init: () => metric.init(),
  update: (state, predictions, targets) => metric.update(state, predictions, targets),
  result: (state) => metric.result(state),
});

/** Throws unless every output has what it is compared with, and what is said by name is said of an output. */
function checkNames(names: readonly (string | undefined)[], predictions: OneOrMore<Tensor>, given: Judgement): void {
  const known = names.flatMap((name) => name ?? []);
  const missing = known.find((name) => !Object.hasOwn(predictions, name));
  if (missing !== undefined) {
    throw new OptionError("E820", "Trainer", `the data have targets y.${missing}, which is no output of the model`, {
      operands: { outputs: Object.keys(predictions).join(", ") },
      fix: "call targets as the model's outputs are called",
    });
  }
  for (const [option, value] of Object.entries(given)) {
    if (!isNamed(value)) continue;
    if (known.length === 0) {
      throw new OptionError("E803", "Trainer", `${option} is by name, but there is one output, without a name`, {
        fix: `give ${option} itself, or let the model return a record and give targets by the same names`,
      });
    }
    checkOptions(option, value, known);
    const without = option === "loss" ? known.find((name) => !Object.hasOwn(value, name)) : undefined;
    if (without === undefined) continue;
    throw new OptionError("E802", "Trainer", `loss.${without} is missing`, {
      fix: "give each output a loss, or leave its targets out of the data",
    });
  }
}
