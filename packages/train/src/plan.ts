import { type CompileSettings, dryRun, inference, Tensor, type TensorType } from "@tenon/tensor";
import { batchType, checkSameRows, type DataSource } from "./data.ts";
import { checkClasses } from "./labels.ts";
import type { Model } from "./model.ts";
import { type Judgement, outputsFor, pick } from "./outputs.ts";
import { type OneOrMore, type Role, roleOf } from "./roles.ts";
import { EvaluationStep, type StepParts } from "./steps.ts";

/** Everything that is there once the types of the data are known. */
export interface Plan {
  readonly parts: StepParts;
  /** What the model gives for a batch. */
  readonly predictions: OneOrMore<TensorType>;
  readonly evaluation: EvaluationStep;
}

/** The types of a batch of each column that a trainer takes. */
export type Types = Readonly<Record<string, TensorType>>;

/** The types of the columns of data that are inputs, targets or weights. */
export function typesIn({ columns }: DataSource): Types {
  const names = Object.keys(columns);
  const used = [...roleOf("x", names).columns, ...roleOf("y", names).columns];
  if (columns.weight !== undefined) used.push("weight");
  return Object.fromEntries(used.map((name) => [name, batchType(columns[name]!)]));
}

/** The types of a model's inputs, as it has them. */
export const inputsIn = (types: Types): OneOrMore<TensorType> =>
  roleOf("x", Object.keys(types)).arrange((column) => types[column]!);

export function planOf(
  { model, settings }: { readonly model: Model; readonly settings: CompileSettings },
  judgement: Judgement,
  types: Types,
): Plan {
  const names = Object.keys(types);
  const [inputs, targets] = [roleOf("x", names), roleOf("y", names)];
  const given = inputs.columns.map((column) => types[column]!);
  const found = dryRun(given, (...xs: Tensor[]) => {
    const x = inputs.arrange((column) => xs[inputs.columns.indexOf(column)]!);
    return model.call(x, inference) as OneOrMore<Tensor>;
  });
  const outputs = outputsFor(judgement, found, targets, types);
  const parts: StepParts = { model, outputs, settings, types, inputs, targets };
  return { parts, predictions: typesOf(found), evaluation: new EvaluationStep(parts) };
}

function typesOf(found: OneOrMore<Tensor>): OneOrMore<TensorType> {
  const typeOf = ({ dtype, shape }: Tensor): TensorType => ({ dtype, shape });
  if (found instanceof Tensor) return typeOf(found);
  if (Array.isArray(found)) return found.map(typeOf);
  return Object.fromEntries(Object.entries(found).map(([name, t]) => [name, typeOf(t)]));
}

/** Throws unless data are like those that the plan is for, with labels that are classes. */
export function checkData({ parts, predictions }: Plan, { columns }: DataSource, name: string): void {
  for (const column of [...parts.inputs.columns, ...parts.targets.columns]) {
    checkSameRows("Trainer", `${name} ${column}`, parts.types[column]!, columns[column]);
  }
  if (parts.types.weight !== undefined && columns.weight !== undefined) {
    checkSameRows("Trainer", `${name} weight`, parts.types.weight, columns.weight);
  }
  for (const output of parts.outputs) {
    if (output.labels) checkClasses(columns[output.column]!, pick(predictions, output.name));
  }
}

/** What a prediction takes: inputs like those that the model was built for, or whatever is there. */
export function predictionInputs(plan: Plan | undefined, { columns }: DataSource): { role: Role; types: Types } {
  const role = plan?.parts.inputs ?? roleOf("x", Object.keys(columns));
  const types = role.columns.map((column) => {
    const wanted = plan?.parts.types[column];
    if (wanted !== undefined) checkSameRows("predict", column, wanted, columns[column]);
    return [column, wanted ?? batchType(columns[column]!)] as const;
  });
  return { role, types: Object.fromEntries(types) };
}
