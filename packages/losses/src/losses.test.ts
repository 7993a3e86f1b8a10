import "@tenon/interpreter";
import {
  compile,
  setBackend,
  spec,
  type Tensor,
  tensor,
  topologicalOrder,
  valueAndGrad,
  variable,
  zeros,
} from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";
import {
  binaryCrossEntropy,
  categoricalCrossEntropy,
  categoricalHinge,
  checkLabels,
  hinge,
  huber,
  klDivergence,
  meanAbsoluteError,
  meanSquaredError,
  sparseCategoricalCrossEntropy,
  weighted,
} from "./index.ts";

beforeAll(() => setBackend("interpreter"));

const read = async (x: Tensor): Promise<number[]> =>
  Array.from((await x.data()) as Float32Array, (v) => Number(v.toPrecision(5)));
const LN2 = Number(Math.LN2.toPrecision(5));
const labels = (values: number[]) => tensor(values, { dtype: "int32" });

test("every loss gives one value per example, whatever the batch, in one program", async () => {
  const rows = spec(["B", 3]);
  const step = compile(
    (x: Tensor, t: Tensor, y: Tensor) => ({
      values: [
        meanSquaredError,
        meanAbsoluteError,
        huber,
        binaryCrossEntropy,
        categoricalCrossEntropy,
        hinge,
        categoricalHinge,
        klDivergence,
      ].map((loss) => loss(x, t)),
      sparse: sparseCategoricalCrossEntropy(x, y),
      smoothed: categoricalCrossEntropy(x, t, { labelSmoothing: 0.1 }),
    }),
    { inputs: [rows, rows, spec(["B"], "int32")] },
  );
  for (const [x, t, y] of [
    [[[1, 2, 3]], [[0, 1, 0]], [1]],
    [
      [
        [1, 2, 3],
        [0, 0, 0],
      ],
      [
        [0, 1, 0],
        [1, 0, 0],
      ],
      [1, 0],
    ],
  ] as [number[][], number[][], number[]][]) {
    const { values, sparse, smoothed } = await step(tensor(x), tensor(t), labels(y));
    for (const loss of [...values, sparse, smoothed]) expect(loss.shape).toEqual([x.length]);
    expect(await read(values[4]!)).toEqual(await read(sparse));
  }
});

test("a column and a flat list of targets mean the same; nothing is broadcast", async () => {
  const x = tensor([[1], [2], [4]]);
  const t = tensor([0, 0, 1]);
  for (const loss of [meanSquaredError, meanAbsoluteError, huber, binaryCrossEntropy, hinge]) {
    const expected = await read(loss(x, t.reshape([3, 1])));
    expect(await read(loss(x, t))).toEqual(expected);
    expect(await read(loss(x.reshape([3]), t.reshape([3, 1])))).toEqual(expected);
    expect(await read(loss(x.reshape([3]), t))).toEqual(expected);
  }
  expect(await read(sparseCategoricalCrossEntropy(zeros([3, 2]), labels([0, 1, 1]).reshape([3, 1])))).toEqual([
    LN2,
    LN2,
    LN2,
  ]);
  expect(() => meanSquaredError(zeros([3, 2]), zeros([2]))).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E204 meanSquaredError: predictions and targets have different shapes.
      predictions: float32 [3, 2]
      targets: float32 [2]
      fix: reshape one of them; nothing is broadcast here.]
  `);
  expect(() => meanSquaredError(zeros([3, 2]), zeros([1, 2]))).toThrow("E204 meanSquaredError");
});

test("a number stands for targets that are all the same", async () => {
  expect(await read(binaryCrossEntropy(tensor([0, 1000]), 1))).toEqual([LN2, 0]);
  expect(await read(meanSquaredError(tensor([[1, 3]]), 1))).toEqual([2]);
});

test("cross-entropies of large logits are exact, and so are their gradients", async () => {
  const x = variable([1e4, -1e4, 40, -40]);
  const [, g] = valueAndGrad(() => binaryCrossEntropy(x.value, tensor([0, 1, 1, 0])).sum(), x);
  expect(await read(binaryCrossEntropy(x.value, tensor([0, 1, 1, 0])))).toEqual([1e4, 1e4, 4.2484e-18, 4.2484e-18]);
  expect(await read(g)).toEqual([1, -1, -4.2484e-18, 4.2484e-18]);
});

test("probabilities of 0 and 1 give finite losses", async () => {
  const fromProbabilities = true;
  for (const loss of [
    binaryCrossEntropy(tensor([0, 1]), tensor([1, 0]), { fromProbabilities }),
    categoricalCrossEntropy(tensor([[0, 1]]), tensor([[1, 0]]), { fromProbabilities }),
    sparseCategoricalCrossEntropy(tensor([[0, 1]]), labels([0]), { fromProbabilities }),
    klDivergence(tensor([[0, 1]]), tensor([[1, 0]]), { fromProbabilities }),
  ])
    for (const value of await read(loss)) expect(value).toBeCloseTo(16.1, 0); // −log 1e-7
});

test("sparse cross-entropy of logits is one op", () => {
  const loss = sparseCategoricalCrossEntropy(zeros([4, 3]), zeros([4], "int32"));
  expect(topologicalOrder([loss]).map(({ op }) => op.name)).toEqual(["constant", "constant", "nn.softmax_xent"]);
});

test("16-bit predictions give float32 losses, bool targets count as no and yes", async () => {
  const x = tensor([1, -2], { dtype: "float16" });
  expect(meanSquaredError(x, x).dtype).toBe("float32");
  expect(sparseCategoricalCrossEntropy(zeros([2, 3], "float16"), labels([0, 1])).dtype).toBe("float32");
  const yes = tensor([true, false]);
  expect(await read(hinge(x, yes))).toEqual(await read(hinge(x, tensor([1, -1]))));
  expect(await read(binaryCrossEntropy(x, yes))).toEqual(await read(binaryCrossEntropy(x, tensor([1, 0]))));
});

test("targets of the other kind are refused, with the loss that takes them", () => {
  expect(() => sparseCategoricalCrossEntropy(zeros([2, 3]), zeros([2, 3]))).toThrowErrorMatchingInlineSnapshot(`
    [DTypeError E201 sparseCategoricalCrossEntropy: targets are float32 where class numbers are wanted.
      predictions: float32 [2, 3]
      targets: float32 [2, 3]
      fix: for rows use categoricalCrossEntropy.]
  `);
  expect(() => sparseCategoricalCrossEntropy(zeros([2, 3]), zeros([2]))).toThrow(
    'fix: convert them, as in targets.cast("int32")',
  );
  expect(() => sparseCategoricalCrossEntropy(zeros([2, 3]), zeros([3], "int32"))).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E204 sparseCategoricalCrossEntropy: there is not one target per row of predictions, in (…,classes),(…)->(…).
      predictions: float32 [2, 3]
      targets: int32 [3]
      fix: give one class number per row.]
  `);
  expect(() => categoricalCrossEntropy(zeros([2, 3]), zeros([2], "int32"))).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E204 categoricalCrossEntropy: predictions and targets have different shapes.
      predictions: float32 [2, 3]
      targets: int32 [2]
      fix: for class numbers use sparseCategoricalCrossEntropy, or make them rows with oneHot(classes).]
  `);
  expect(() => categoricalCrossEntropy(zeros([]), zeros([]))).toThrow("E206 categoricalCrossEntropy");
  expect(() => meanSquaredError([1] as never, zeros([1]))).toThrow("predictions is [1], which is no tensor");
});

test("unknown options and numbers out of range are refused", () => {
  const x = zeros([2]);
  expect(() => binaryCrossEntropy(x, x, { fromLogits: true } as object)).toThrow(
    "E801 binaryCrossEntropy: unknown option fromLogits",
  );
  expect(() => binaryCrossEntropy(x, x, { label_smoothing: 0.1 } as object)).toThrow("did you mean labelSmoothing?");
  expect(() => binaryCrossEntropy(x, x, { labelSmoothing: 1 })).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 binaryCrossEntropy: labelSmoothing is 1.
      fix: give a number from 0 and below 1.]
  `);
  expect(() => huber(x, x, { delta: 0 })).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 huber: delta is 0.
      fix: give a finite number above 0.]
  `);
});

test("weights of classes and of samples multiply, for each kind of target", async () => {
  const ones = (x: Tensor) => (x.rank < 2 ? x.mul(0).add(1) : x.mean({ axis: -1 }).mul(0).add(1));
  const three = weighted(ones, { classWeights: [1, 2, 4] });
  const rows = zeros([2, 3]);
  expect(await read(three(rows, labels([2, 0])))).toEqual([4, 1]);
  expect(await read(three(rows, labels([2, 0]).reshape([2, 1])))).toEqual([4, 1]);
  expect(
    await read(
      three(
        rows,
        tensor([
          [0, 0.5, 0.5],
          [0, 1, 0],
        ]),
      ),
    ),
  ).toEqual([3, 2]);
  expect(await read(three(rows, labels([2, 0]), { sampleWeights: tensor([0.5, 3]) }))).toEqual([2, 3]);
  const two = weighted(ones, { classWeights: [1, 5] });
  expect(await read(two(zeros([2]), tensor([1, 0])))).toEqual([5, 1]);
  expect(await read(two(zeros([2, 1]), labels([1, 0])))).toEqual([5, 1]);
  expect(await read(two(zeros([2, 2]), labels([1, 0])))).toEqual([5, 1]);
  expect(await read(weighted(ones)(rows, rows, { sampleWeights: labels([2, 3]) }))).toEqual([2, 3]);
  expect(await read(weighted(ones, { classWeights: [1, 3], normalized: true })(zeros([2]), tensor([1, 0])))).toEqual([
    1.5, 0.5,
  ]);
  const smooth = weighted(binaryCrossEntropy, { classWeights: [1, 2] })(zeros([1]), tensor([1]), {
    labelSmoothing: 0.5,
  });
  expect(await read(smooth)).toEqual([1.3863]);
});

test("weights that do not fit are refused", () => {
  expect(() => weighted(meanSquaredError, { classWeights: [1, -1] })).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 weighted: classWeights is [1, -1].
      fix: give a list with one number from 0 per class.]
  `);
  expect(() =>
    weighted(sparseCategoricalCrossEntropy, { classWeights: [1, 2] })(zeros([2, 3]), labels([0, 1])),
  ).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E204 weighted: there are 2 weights of classes, and predictions with 3 scores per example.
      predictions: float32 [2, 3]
      targets: int32 [2]
      fix: give one weight per class.]
  `);
  expect(() =>
    weighted(meanSquaredError)(zeros([2]), zeros([2]), { sampleWeights: zeros([3]) }),
  ).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E204 weighted: there is not one weight per example.
      losses: float32 [2]
      sampleWeights: float32 [3]
      fix: give a tensor with one number per example.]
  `);
  expect(() => weighted(meanSquaredError, { classweights: [1] } as object)).toThrow("did you mean classWeights?");
});

test("a label that is no class is found on the host, with its row", () => {
  expect(() => checkLabels([0, 2, 1], 3)).not.toThrow();
  expect(() => checkLabels(Uint8Array.of(0, 3), 3)).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E811 checkLabels: the label in row 1 is 3, which is none of 3 classes.
      fix: labels are whole numbers from 0 to 2.]
  `);
  expect(() => checkLabels([1, 2, 3], 3)).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E811 checkLabels: the label in row 2 is 3, which is none of 3 classes.
      fix: the labels seem to count from 1; subtract 1.]
  `);
  expect(() => checkLabels([0, 0.5], 3)).toThrow("the label in row 1 is 0.5");
  expect(() => checkLabels([-1], 3)).toThrow("the label in row 0 is -1");
  expect(() => checkLabels(BigInt64Array.of(2n), 2)).toThrow("E811");
});
