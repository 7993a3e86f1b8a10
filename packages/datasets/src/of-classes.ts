import { checkList, checkOptions } from "@tenon/tensor";
import { Column } from "./column.ts";
import { type Columns, type Dataset, dataset } from "./dataset.ts";
import { checkWhole, outside } from "./range.ts";
import { type Seed, seedKey, shuffledOrder } from "./seed.ts";

export interface OfClassesOptions {
  /** Numbers the classes from 0 in the order in which they are given, as a network with an output for each wants it. */
  readonly relabel?: boolean;
}

/**
 * The rows whose label `y` is one of these classes, in their order: `ofClasses(train, [0, 1, 2, 3, 4])`.
 *
 * Labels stay as they are unless `relabel` is set; names of classes go along.
 */
export function ofClasses<C extends Columns & { readonly y: Column }>(
  data: Dataset<C>,
  classes: readonly number[],
  options: OfClassesOptions = {},
): Dataset<C> {
  checkList("ofClasses", "the classes", classes, "[0, 1, 2]");
  checkOptions("ofClasses", options, ["relabel"]);
  const { data: labels } = labelsOf("ofClasses", data);
  for (const label of classes) checkWhole("ofClasses", "a class", label, 0, 2 ** 31 - 1);
  const numbers = new Map(classes.map((label, i) => [label, i]));
  const rows = Array.from(labels.keys()).filter((row) => numbers.has(labels[row]!));
  const chosen = data.gather(rows);
  if (options.relabel !== true) return chosen;
  const y = labelsOf("ofClasses", chosen);
  const names = y.classes && classes.map((label) => y.classes![label] ?? String(label));
  const renumbered = Int32Array.from(y.data, (label) => numbers.get(label)!);
  return dataset({ ...chosen.columns, y: new Column(renumbered, y.shape, { classes: names }) }) as never;
}

export interface PerClassOptions {
  /** Chooses the rows at random instead of taking the first. */
  readonly seed?: Seed;
}

/** At most `count` rows of each class, in their order, for learning from few examples: `perClass(train, 10)`. */
export function perClass<C extends Columns & { readonly y: Column }>(
  data: Dataset<C>,
  count: number,
  options: PerClassOptions = {},
): Dataset<C> {
  checkWhole("perClass", "count", count, 0, Number.MAX_SAFE_INTEGER);
  checkOptions("perClass", options, ["seed"]);
  const { data: labels } = labelsOf("perClass", data);
  const { seed } = options;
  const order = seed === undefined ? labels.keys() : shuffledOrder(seedKey("perClass", "seed", seed), labels.length);
  const taken = new Map<number, number>();
  const rows: number[] = [];
  for (const row of order) {
    const before = taken.get(labels[row]!) ?? 0;
    if (before >= count) continue;
    taken.set(labels[row]!, before + 1);
    rows.push(row);
  }
  return data.gather(rows.sort((a, b) => a - b));
}

function labelsOf(op: string, data: Dataset<Columns>): Column {
  const labels = data.columns.y;
  if (labels?.rowLength === 1) return labels;
  const problem = labels === undefined ? "there is no column y" : `y is ${labels}, not one label a row`;
  throw outside(op, problem, "give a set with a column y of labels");
}
