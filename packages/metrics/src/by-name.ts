import { checkOptions, didYouMean, isRecord, OptionError, valueText } from "@tenon/tensor";
import { accuracy } from "./accuracy.ts";
import { binaryAccuracy } from "./binary-accuracy.ts";
import { categoricalAccuracy } from "./categorical-accuracy.ts";
import { confusionMatrix } from "./confusion-matrix.ts";
import { f1 } from "./f1.ts";
import { mean } from "./mean.ts";
import { meanAbsoluteError } from "./mean-absolute-error.ts";
import { meanSquaredError } from "./mean-squared-error.ts";
import type { Metric } from "./metric.ts";
import { precision } from "./precision.ts";
import { recall } from "./recall.ts";
import { sparseCategoricalAccuracy } from "./sparse-categorical-accuracy.ts";
import { topKAccuracy } from "./top-k-accuracy.ts";

const plain = { accuracy, categoricalAccuracy, sparseCategoricalAccuracy, mean, meanAbsoluteError, meanSquaredError };
const withOptions = { binaryAccuracy, confusionMatrix, f1, precision, recall, topKAccuracy };

export type MetricName = keyof typeof plain | keyof typeof withOptions;

/** What other libraries call some metrics, where the spelling alone would not lead here. */
const elsewhere: Readonly<Record<string, MetricName>> = {
  acc: "accuracy",
  mae: "meanAbsoluteError",
  mse: "meanSquaredError",
};

/** A metric by its name, with the options of its function: `metric("accuracy")`, `metric("f1", { classes: 10 })`. A metric is returned as it is. */
export function metric(wanted: MetricName | Metric, options: object = {}): Metric {
  if (isMetric(wanted)) {
    checkOptions("metric", options, []);
    return wanted;
  }
  const name: string = typeof wanted === "string" ? wanted : "";
  if (Object.hasOwn(plain, name)) {
    checkOptions(name, options, []);
    return plain[name as keyof typeof plain]();
  }
  if (Object.hasOwn(withOptions, name)) {
    return (withOptions[name as keyof typeof withOptions] as (options: object) => Metric)(options);
  }
  const names = [...Object.keys(plain), ...Object.keys(withOptions)].sort();
  const meant = Object.hasOwn(elsewhere, name) ? `did you mean ${elsewhere[name]}?` : didYouMean(name, names);
  throw new OptionError("E803", "metric", `there is no metric ${valueText(wanted)}`, {
    fix: meant === "" ? `the metrics are ${names.join(", ")}` : meant,
  });
}

const isMetric = (value: unknown): value is Metric =>
  isRecord(value) && typeof value.update === "function" && typeof value.init === "function";
