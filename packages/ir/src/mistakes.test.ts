import { expect, test } from "vitest";
import {
  add,
  argsort,
  concat,
  cond,
  constant,
  cumsum,
  layerNorm,
  logSumExp,
  matmul,
  opaque,
  scan,
  sort,
  spec,
  stack,
  sum,
  type Tensor,
  topK,
  whileLoop,
} from "./index.ts";
import { input } from "./leaf.ts";
import { refusal } from "./refusal.test-kit.ts";

const x = input(spec([2, 3]));
const wrong = (value: unknown): never => value as never;
/** A method of x, called without regard to its type. */
const call = (name: "less" | "reshape" | "transpose", ...args: unknown[]): unknown =>
  (x[name] as (...args: unknown[]) => unknown).apply(x, args);

test("options given by place are refused with the record that they want", () => {
  expect(refusal(() => x.max(wrong(0)))).toMatchInlineSnapshot(`
    "OptionError E803 max: the options are 0, which is no record.
      fix: for example { axis: 0 }."
  `);
  expect(refusal(() => x.softmax(wrong(0)))).toMatchInlineSnapshot(`
    "OptionError E803 nn.softmax: the options are 0, which is no record.
      fix: for example { axis: 0 }."
  `);
  expect(refusal(() => x.sum(wrong([0, 1])))).toMatchInlineSnapshot(`
    "OptionError E803 sum: the options are [0, 1], which is no record.
      fix: for example { axis: [0, 1] }."
  `);
  expect(refusal(() => concat([x, x], wrong(1)))).toMatchInlineSnapshot(`
    "OptionError E803 concat: the options are 1, which is no record.
      fix: for example { axis: 1 }."
  `);
  expect(refusal(() => x.sum(wrong(new Map([["axis", 0]]))))).toMatchInlineSnapshot(`
    "OptionError E803 sum: the options are a Map, which is no record.
      fix: for example { axis: … }."
  `);
});

test("every function that takes options refuses what is no record of them", () => {
  const calls: ((options: never) => unknown)[] = [
    (o) => x.mean(o),
    (o) => x.argmax(o),
    (o) => x.variance(o),
    (o) => logSumExp(x, o),
    (o) => cumsum(x, o),
    (o) => x.flatten(o),
    (o) => sort(x, o),
    (o) => argsort(x, o),
    (o) => topK(x, 1, o),
    (o) => x.reverse(o),
    (o) => x.slice(o),
    (o) => x.pad(o),
    (o) => x.take(0, o),
    (o) => constant([1], [1], "int32").oneHot(3, o),
    (o) => stack([x], o),
    (o) => layerNorm(x, o),
    (o) => matmul(x, x.transpose(), o),
  ];
  for (const refused of calls) {
    expect(refusal(() => refused(wrong(1)))).toMatch(/^OptionError E803 .*: the options are 1, which is no record\./);
    expect(refusal(() => refused(wrong([0])))).toMatch(
      /^OptionError E803 .*: the options are \[0\], which is no record\./,
    );
  }
});

test("an operand too many is refused, and not dropped", () => {
  expect(refusal(() => add(x, wrong(1), wrong(2)))).toMatchInlineSnapshot(`
    "ShapeError E209 add: 3 operands given, 2 wanted.
      x: float32 [2, 3]
      y: 1
      operand 2: 2"
  `);
  expect(refusal(() => x.add(1, wrong(x)))).toMatchInlineSnapshot(`
    "ShapeError E209 add: 3 operands given, 2 wanted.
      x: float32 [2, 3]
      y: 1
      operand 2: float32 [2, 3]"
  `);
  expect(refusal(() => x.relu(wrong(0.1)))).toMatchInlineSnapshot(`
    "ShapeError E209 nn.relu: 2 operands given, 1 wanted.
      x: float32 [2, 3]
      operand 1: 0.1"
  `);
  expect(refusal(() => call("less", 1, 2))).toMatch("E209 compare: 3 operands given, 2 wanted");
  expect(() => x.relu(wrong(undefined))).not.toThrow();
});

test("what stands where a tensor is wanted is named, with what to do with it", () => {
  const values = [Promise.resolve(x), { value: x }, {}, () => x, undefined, new Float32Array(2), [1, 2], new Map()];
  expect(values.map((value) => refusal(() => x.add(wrong(value))))).toMatchInlineSnapshot(`
    [
      "DTypeError E201 add: a promise is no tensor and no number.
      fix: await it first.",
      "DTypeError E201 add: an object is no tensor and no number.
      fix: use its value, as in v.value.",
      "DTypeError E201 add: an object is no tensor and no number.
      fix: give a tensor; tensor(…) makes one of numbers.",
      "DTypeError E201 add: a function is no tensor and no number.
      fix: call it.",
      "DTypeError E201 add: undefined is no tensor and no number.
      fix: give a tensor; tensor(…) makes one of numbers.",
      "DTypeError E201 add: a Float32Array is no tensor and no number.
      fix: make a tensor of it with tensor(…).",
      "DTypeError E201 add: [1, 2] is no tensor and no number.
      fix: make a tensor of it with tensor(…).",
      "DTypeError E201 add: a Map is no tensor and no number.
      fix: give a tensor; tensor(…) makes one of numbers.",
    ]
  `);
  expect(refusal(() => x.matmul(wrong(5)))).toMatchInlineSnapshot(`
    "DTypeError E201 matmul: b is 5, which is no tensor.
      fix: give a tensor; tensor(…) makes one of numbers."
  `);
  expect(refusal(() => sum(wrong([1, 2])))).toMatchInlineSnapshot(`
    "DTypeError E201 sum: x is [1, 2], which is no tensor.
      fix: make a tensor of it with tensor(…)."
  `);
});

test("sizes, orders and lists are given as one list", () => {
  expect(refusal(() => call("reshape", 3, 2))).toMatchInlineSnapshot(`
    "OptionError E803 reshape: shape is 3, which is no list.
      fix: give one list, for example x.reshape([2, -1])."
  `);
  expect(refusal(() => call("transpose", 1, 0))).toMatchInlineSnapshot(`
    "OptionError E803 transpose: perm is 1, which is no list.
      fix: give one list, for example x.transpose([1, 0])."
  `);
  expect(refusal(() => concat(wrong(x), wrong(x)))).toMatchInlineSnapshot(`
    "OptionError E803 concat: xs is Tensor(float32 [2, 3]), which is no list.
      fix: give one list, for example concat([x, y])."
  `);
  expect(refusal(() => x.slice({ start: wrong(1) }))).toMatchInlineSnapshot(`
    "OptionError E803 slice: start is 1, which is no list.
      fix: give one list, for example { start: [1] }."
  `);
});

test("a list that was given may change afterwards, and the tensor does not", () => {
  const shape = [3, 2];
  const [reshaped, filled] = [x.reshape(shape), constant(1, shape)];
  const type = spec(shape);
  const perm = [1, 0];
  const turned = x.transpose(perm);
  const types = [{ dtype: "float32" as const, shape }];
  const [unknown] = opaque({ target: "acme.unknown", version: 1, types }, [x]);
  shape[0] = 1;
  perm[0] = 0;
  expect([reshaped, filled, type, unknown!].map((t) => t!.shape)).toEqual([3, 3, 3, 3].map((n) => [n, 2]));
  expect(turned.attrs.perm).toEqual([1, 0]);
});

test("a predicate is one bool, of the graph or of the program, and branches are functions", () => {
  const [one, two] = [() => [constant(1)], () => [constant(2)]];
  expect(cond(true, one, two)[0]!.op.name).toBe("cond");
  expect(cond(1, [one, two])[0]!.op.name).toBe("cond");
  expect(refusal(() => cond(input(spec([])), one, two))).toMatchInlineSnapshot(`
    "DTypeError E201 cond: the predicate is Tensor(float32 []) where one bool is wanted.
      fix: compare it, for example x.greater(0), or choose by an int32 from a list of branches."
  `);
  expect(refusal(() => cond(true, wrong(constant(1)), two))).toMatchInlineSnapshot(`
    "OptionError E803 cond: whenTrue is Tensor(float32 []), which is no function.
      fix: give a function, such as (x) => x.mul(2)."
  `);
});

test("what a loop's functions return, and its options, are checked", () => {
  const zero = constant(0);
  const step = ([c]: Tensor[], [s]: Tensor[]): [Tensor[], Tensor[]] => [[c!.add(s!.sum())], []];
  expect(
    refusal(() =>
      scan(
        wrong(() => {}),
        [zero],
        [x],
      ),
    ),
  ).toMatchInlineSnapshot(`
    "StateError E404 scan: the body returns undefined, which is no pair of lists.
      fix: return [carry, ys], two lists of tensors."
  `);
  expect(refusal(() => scan(step, wrong(zero), [x]))).toMatchInlineSnapshot(`
    "OptionError E803 scan: init is Tensor(float32 []), which is no list.
      fix: give one list, for example [x]."
  `);
  expect(refusal(() => scan(step, [zero], [x], wrong({ reversed: true })))).toMatchInlineSnapshot(`
    "OptionError E801 scan: unknown option reversed.
      fix: did you mean reverse?"
  `);
  expect(
    refusal(() =>
      whileLoop(
        wrong(() => {}),
        (c) => c,
        [zero],
      ),
    ),
  ).toMatchInlineSnapshot(`
    "StateError E404 whileLoop: the condition returns undefined, which is no tensor.
      fix: return one bool, for example carry[0].less(5)."
  `);
  const goesOn = ([c]: Tensor[]): Tensor => c!.less(5);
  expect(refusal(() => whileLoop(goesOn, (c) => c, [zero], wrong({ max_trip: 3 })))).toMatchInlineSnapshot(`
    "OptionError E801 whileLoop: unknown option max_trip.
      fix: did you mean maxTrip?"
  `);
});
