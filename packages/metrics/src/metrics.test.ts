import "@tenon/interpreter";
import { compile, setBackend, spec, type Tensor, tensor, zeros } from "@tenon/tensor";
import { treeMap } from "@tenon/tree";
import { beforeAll, expect, test } from "vitest";
import {
  accuracy,
  binaryAccuracy,
  ConfusionTable,
  categoricalAccuracy,
  confusionMatrix,
  f1,
  type Metric,
  mean,
  meanAbsoluteError,
  meanSquaredError,
  metric,
  precision,
  recall,
  sparseCategoricalAccuracy,
  topKAccuracy,
} from "./index.ts";

beforeAll(() => setBackend("interpreter"));

const COUNT = 60;
const CLASSES = 4;
const noise = (i: number): number => Math.fround(Math.sin(i * 12.9898) * 3);
const scores = Array.from({ length: COUNT }, (_, i) =>
  Array.from({ length: CLASSES }, (_, j) => noise(i * CLASSES + j)),
);
const classes = Array.from({ length: COUNT }, (_, i) => (i * 7 + (i % 3)) % CLASSES);
const logits = scores.map(([x]) => x!);
const bits = classes.map((c) => c % 2);
const rows = (labels: readonly number[]) =>
  labels.map((c) => Array.from({ length: CLASSES }, (_, j) => Number(j === c)));
const argmax = (row: readonly number[]) => row.indexOf(Math.max(...row));
const guesses = scores.map(argmax);
const int = (values: readonly number[]) => tensor(Int32Array.from(values));

/** What each metric should say, counted on the host. */
const share = (hits: readonly boolean[]) => hits.filter(Boolean).length / hits.length;
const counts = (c: number) => ({
  right: classes.filter((y, i) => y === c && guesses[i] === c).length,
  predicted: guesses.filter((g) => g === c).length,
  actual: classes.filter((y) => y === c).length,
});
const perClass = Array.from({ length: CLASSES }, (_, c) => counts(c));
const macro = (f: (c: ReturnType<typeof counts>) => number) => perClass.map(f).reduce((a, b) => a + b) / CLASSES;
const yes = logits.map((x) => x > 0);
const [right, predicted, actual] = [
  share(yes.map((y, i) => y && bits[i] === 1)),
  share(yes),
  share(bits.map((b) => b === 1)),
];

type Data = "classes" | "rows" | "bits" | "column" | "values";
const cases: Readonly<Record<string, readonly [Metric, Data, unknown]>> = {
  "accuracy of class numbers": [accuracy(), "classes", share(guesses.map((g, i) => g === classes[i]))],
  "accuracy of rows": [accuracy(), "rows", share(guesses.map((g, i) => g === classes[i]))],
  "accuracy of yes and no": [accuracy(), "bits", share(yes.map((y, i) => y === (bits[i] === 1)))],
  "accuracy of a column": [accuracy(), "column", share(yes.map((y, i) => y === (bits[i] === 1)))],
  binaryAccuracy: [binaryAccuracy(), "bits", share(yes.map((y, i) => y === (bits[i] === 1)))],
  "binaryAccuracy above 1": [
    binaryAccuracy({ threshold: 1 }),
    "column",
    share(logits.map((x, i) => x > 1 === (bits[i] === 1))),
  ],
  categoricalAccuracy: [categoricalAccuracy(), "rows", share(guesses.map((g, i) => g === classes[i]))],
  sparseCategoricalAccuracy: [sparseCategoricalAccuracy(), "classes", share(guesses.map((g, i) => g === classes[i]))],
  "topKAccuracy of 2": [
    topKAccuracy({ k: 2 }),
    "classes",
    share(scores.map((row, i) => row.filter((x) => x > row[classes[i]!]!).length < 2)),
  ],
  precision: [precision(), "bits", right! / predicted!],
  recall: [recall(), "column", right! / actual!],
  f1: [f1(), "bits", (2 * right!) / (predicted! + actual!)],
  "macro precision": [precision({ classes: CLASSES }), "classes", macro((c) => c.right / c.predicted)],
  "macro recall": [recall({ classes: CLASSES }), "rows", macro((c) => c.right / c.actual)],
  "macro f1": [f1({ classes: CLASSES }), "classes", macro((c) => (2 * c.right) / (c.predicted + c.actual))],
  "micro f1": [f1({ classes: CLASSES, average: "micro" }), "classes", share(guesses.map((g, i) => g === classes[i]))],
  confusionMatrix: [
    confusionMatrix({ classes: CLASSES }),
    "classes",
    perClass.map((_, y) => perClass.map((_, g) => classes.filter((c, i) => c === y && guesses[i] === g).length)),
  ],
  meanSquaredError: [
    meanSquaredError(),
    "values",
    logits.map((x, i) => Math.fround((x - bits[i]!) ** 2)).reduce((a, b) => a + b) / COUNT,
  ],
  meanAbsoluteError: [
    meanAbsoluteError(),
    "values",
    logits.map((x, i) => Math.fround(Math.abs(x - bits[i]!))).reduce((a, b) => a + b) / COUNT,
  ],
  mean: [mean(), "values", logits.reduce((a, b) => a + b) / COUNT],
};

function batch(data: Data, from: number, to: number): [Tensor, Tensor] {
  if (data === "classes") return [tensor(scores.slice(from, to)), int(classes.slice(from, to))];
  if (data === "rows") return [tensor(scores.slice(from, to)), tensor(rows(classes.slice(from, to)))];
  const x = tensor(logits.slice(from, to));
  const t = tensor(bits.slice(from, to));
  return data === "column" ? [x.reshape([to - from, 1]), t.cast("bool").reshape([to - from, 1])] : [x, t];
}

const splits = [[COUNT], [30, 60], [1, 2, 10, 59, 60], [17, 34, 51, 60]];
const plain = (result: unknown): unknown => (result instanceof ConfusionTable ? result.counts : result);
const evaluate = async (m: Metric, data: Data, split: readonly number[]): Promise<unknown> => {
  const step = compile((state: any, x: Tensor, t: Tensor) => m.update(state, x, t));
  let state = m.init();
  for (const [i, to] of split.entries()) state = await step(state, ...batch(data, split[i - 1] ?? 0, to));
  return plain(await m.result(state));
};

test.each(Object.keys(cases))("%s is what counting gives, and the same for every split into batches", async (name) => {
  const [m, data, expected] = cases[name]!;
  const whole = await evaluate(m, data, [COUNT]);
  if (typeof expected === "number") expect(whole).toBeCloseTo(expected, 12);
  else expect(whole).toEqual(expected);
  for (const split of splits) expect(await evaluate(m, data, split)).toEqual(whole);
});

test.each(Object.keys(cases))("%s of weighted examples is that of as many examples", async (name) => {
  const [m, data] = cases[name]!;
  const [x, t] = batch(data, 0, 4);
  const repeated = [0, 2, 2, 2, 3, 3]; // weights 1, 0, 3, 2
  const some = m.update(
    m.init(),
    x.take(int(repeated), { axis: 0 }),
    t.cast("float32").take(int(repeated), { axis: 0 }).cast(t.dtype),
  );
  const expected = plain(await m.result(some));
  for (const w of [int([1, 0, 3, 2]), int([1, 0, 3, 2]).reshape([4, 1])])
    expect(plain(await m.result(m.update(m.init(), x, t, w)))).toEqual(
      data === "values" ? expect.closeTo(expected as number, 6) : expected, // w·v is rounded to float32 once
    );
  if (name === "confusionMatrix") return;
  const fractions = await m.result(m.update(m.init(), x, t, tensor([0.25, 0, 0.75, 0.5])));
  expect(fractions).toBeCloseTo(expected as number, 6);
});

test("an update stands in a compiled step with a named batch size, eagerly it gives the same", async () => {
  const m = accuracy();
  let traced = 0;
  const inputs = [
    treeMap((t: Tensor) => spec(t.shape, t.dtype), m.init()),
    ...[spec(["B", CLASSES]), spec(["B"], "int32")],
  ];
  const step = compile((state: any, x: Tensor, t: Tensor) => (traced++, m.update(state, x, t)), {
    inputs: inputs as never,
  });
  let [state, eager] = [m.init(), m.init()];
  for (const [from, to] of [
    [0, 7],
    [7, 20],
    [20, 60],
  ]) {
    state = await step(state, ...batch("classes", from!, to!));
    eager = m.update(eager, ...batch("classes", from!, to!));
  }
  expect(traced).toBe(1);
  expect(await m.result(state)).toBe(await m.result(eager));
});

test("before the first example means are NaN, and shares of nothing are 0", async () => {
  expect(await accuracy().result(accuracy().init())).toBeNaN();
  expect(await precision().result(precision().init())).toBe(0);
  expect(await f1({ classes: 3 }).result(f1({ classes: 3 }).init())).toBeNaN();
});

test("macro averages leave out classes that do not occur", async () => {
  const m = recall({ classes: 5 });
  const state = m.update(
    m.init(),
    tensor([
      [3, 0, 0, 0, 0],
      [0, 3, 0, 0, 0],
    ]),
    int([0, 0]),
  );
  expect(await m.result(state)).toBe(0.25); // of class 0 one half, of class 1, which was only predicted, 0
});

test("a NaN among the values shows in the mean", async () => {
  expect(await mean().result(mean().update(mean().init(), tensor([1, NaN])))).toBeNaN();
});

test("several questions per example are counted together", async () => {
  const m = binaryAccuracy({ fromProbabilities: true });
  const [p, t] = [
    tensor([
      [0.9, 0.2, 0.6],
      [0.4, 0.4, 0.4],
    ]),
    tensor([
      [1, 0, 0],
      [1, 0, 0],
    ]),
  ];
  expect(await m.result(m.update(m.init(), p, t))).toBe(4 / 6);
  expect(await m.result(m.update(m.init(), p, t, int([1, 3])))).toBe(8 / 12);
});

test("a confusion matrix prints as a table", async () => {
  const m = confusionMatrix({ classes: 3, names: ["cat", "dog", "ship"] });
  const state = m.update(
    m.init(),
    tensor([
      [1, 0, 0],
      [0, 1, 0],
      [1, 0, 0],
      [0, 0, 1],
    ]),
    int([0, 1, 1, 2]),
  );
  const table = await m.result(m.update(state, tensor([[0, 1, 0]]), int([7]))); // no class: not counted
  expect(String(table)).toMatchInlineSnapshot(`
    "actual ↓   predicted →
                 cat     dog    ship  recall
    cat            1       ·       ·  100.0%
    dog            1       1       ·   50.0%
    ship           ·       ·       1  100.0%
    precision  50.0%  100.0%  100.0%   75.0%"
  `);
  expect(JSON.stringify(table)).toBe('{"names":["cat","dog","ship"],"counts":[[1,0,0],[1,1,0],[0,0,1]]}');
  expect(table.accuracy).toBe(0.75);
  expect(
    String(
      new ConfusionTable([
        [0, 0],
        [0, 12345],
      ]),
    ),
  ).toMatchInlineSnapshot(`
    "actual ↓   predicted →
               0       1  recall
    0          ·       ·       –
    1          ·   12345  100.0%
    precision  –  100.0%  100.0%"
  `);
  const two = confusionMatrix({ classes: 2 });
  expect(
    (await two.result(two.update(two.init(), tensor([[2], [-1], [3]]), tensor([true, true, false])))).counts,
  ).toEqual([
    [0, 1],
    [1, 1],
  ]);
  expect(() => new ConfusionTable([[1]], ["a", "b"])).toThrow("there are 1 classes but 2 names");
});

test("metrics come by name, and a wrong name suggests the right one", async () => {
  expect(metric("accuracy").name).toBe("accuracy");
  expect(metric("topKAccuracy", { k: 3 }).name).toBe("topKAccuracy");
  const own = accuracy();
  expect(metric(own)).toBe(own);
  const named = (name: string, options?: object) => () => metric(name as "f1", options);
  expect(named("acuracy")).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 metric: there is no metric "acuracy".
      fix: did you mean accuracy?]
  `);
  expect(named("mse")).toThrow("did you mean meanSquaredError?");
  expect(named("top_k_accuracy")).toThrow("did you mean topKAccuracy?");
  expect(named("nothing like it")).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 metric: there is no metric "nothing like it".
      fix: the metrics are accuracy, binaryAccuracy, categoricalAccuracy, confusionMatrix, f1, mean, meanAbsoluteError, meanSquaredError, precision, recall, sparseCategoricalAccuracy, topKAccuracy.]
  `);
  expect(named("accuracy", { k: 1 })).toThrow("E801 accuracy: unknown option k");
  expect(named("f1", { clases: 1 })).toThrow("did you mean classes?");
  expect(() => metric(3 as never)).toThrow("there is no metric 3");
});

test("shapes, dtypes and options that do not fit are refused", () => {
  const update = (m: Metric, x: Tensor, t: Tensor, w?: Tensor) => () => m.update(m.init(), x, t, w);
  expect(update(accuracy(), zeros([2, 3]), zeros([3], "int32"))).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E204 accuracy: there is not one target per row of predictions, in (…,classes),(…)->(…).
      predictions: float32 [2, 3]
      targets: int32 [3]
      fix: give one class number, or one row over the classes, per row of scores.]
  `);
  expect(update(accuracy(), zeros([2, 3]), zeros([2]))).toThrowErrorMatchingInlineSnapshot(`
    [DTypeError E201 accuracy: targets are float32 where class numbers are wanted.
      predictions: float32 [2, 3]
      targets: float32 [2]
      fix: convert them, as in targets.cast("int32").]
  `);
  expect(update(meanSquaredError(), zeros([2, 3]), zeros([2]))).toThrow(
    "E204 meanSquaredError: predictions and targets have different shapes",
  );
  expect(update(accuracy(), zeros([2]), zeros([2]), zeros([3]))).toThrow(
    "E204 accuracy: there is not one weight per example",
  );
  expect(
    update(confusionMatrix({ classes: 3 }), zeros([2, 3]), zeros([2], "int32"), zeros([2])),
  ).toThrowErrorMatchingInlineSnapshot(`
    [DTypeError E201 confusionMatrix: the weights are float32 [2], and cells are counts.
      fix: give whole numbers or bools.]
  `);
  expect(() => topKAccuracy({ k: 0 })).toThrow("E803 topKAccuracy: k is 0");
  expect(() => f1({ average: "weighted" as never })).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 f1: average is "weighted".
      fix: use binary, macro, micro.]
  `);
  expect(() => f1({ average: "macro" })).toThrow("E803 f1: classes is undefined");
  expect(() => f1({ average: "binary", classes: 2 })).toThrow("average is binary, and classes is given");
  expect(() => confusionMatrix({} as never)).toThrow("E803 confusionMatrix: classes is undefined");
});
