import { type DType, roundToDType } from "@tenon/ir";
import { expect, test } from "vitest";
import { addIndex, constantIndex, indexVariable, multiplyIndex, scaleIndex } from "../index-expression.ts";
import type { IndexVariable } from "../index-node.ts";
import { lessThan } from "../index-predicate.ts";
import { loadParts } from "../parts.ts";
import { evaluateKernel } from "./evaluate.test-kit.ts";
import { Memory } from "./evaluate-memory.test-kit.ts";
import type { DotKernel, LoopKernel, SortKernel, Statement } from "./kernel.ts";
import { KernelWriter } from "./writer.ts";

await loadParts();

const memory = (dtype: DType, data: readonly number[]): Memory =>
  new Memory(
    dtype,
    Float64Array.from(data, (x) => roundToDType(dtype, x)),
  );
const blank = (dtype: DType, count: number): Memory => Memory.poisoned(dtype, count);

const loops = (writer: KernelWriter, scalars: readonly IndexVariable[] = []): LoopKernel => ({
  kind: "loops",
  name: "example",
  slots: writer.slots,
  scalars,
  body: writer.statements,
});

const launch = (kernel: LoopKernel | DotKernel | SortKernel, memories: readonly Memory[], scalars: number[] = []) =>
  evaluateKernel(kernel, [{ memories, scalars }]);

/** Softmax over rows of `size`, for any number of rows. */
function softmaxRows(size: number): { kernel: LoopKernel; rows: IndexVariable } {
  const w = new KernelWriter();
  const rows = indexVariable("B", 1, 64) as IndexVariable;
  const [x, y] = [w.slot("float32", "read"), w.slot("float32", "write")];
  const i = w.axis("i", rows);
  w.loop(i, rows, "parallel", () => {
    const at = (j: ReturnType<typeof w.axis>) => addIndex(scaleIndex(size, i), j);
    const largest = w.register("float32", "maximum");
    const j = w.axis("j", size);
    w.loop(j, size, "reduce", () => w.update(largest, w.load(x, at(j))));
    const total = w.register("float32", "add");
    const k = w.axis("j", size);
    const power = (l: typeof k) => w.alu("exp", [w.alu("sub", [w.load(x, at(l)), w.read(largest)])]);
    w.loop(k, size, "reduce", () => w.update(total, power(k)));
    const l = w.axis("j", size);
    w.loop(l, size, "parallel", () => w.store(y, at(l), w.alu("div", [power(l), w.read(total)])));
  });
  return { kernel: loops(w, [rows]), rows };
}

test("loops, registers and elements in float32 give a softmax", () => {
  const { kernel } = softmaxRows(3);
  const y = blank("float32", 6);
  launch(kernel, [memory("float32", [1, 2, 3, 7, 7, 7]), y], [2]);
  const e = [1, 2, 3].map((x) => Math.exp(x - 3));
  const expected = e.map((x) => x / (e[0]! + e[1]! + e[2]!));
  for (const [i, x] of expected.entries()) expect(y.data[i]).toBeCloseTo(x, 6);
  expect([...y.data.subarray(3)]).toEqual(Array(3).fill(Math.fround(1 / 3)));
  expect([...y.data]).toEqual([...y.data].map(Math.fround));
});

test("narrow integers wrap when they are stored, and 16-bit floats are rounded", () => {
  const w = new KernelWriter();
  const [a, b, h] = [w.slot("int8", "read"), w.slot("int8", "write"), w.slot("float16", "write")];
  const i = w.axis("i", 2);
  w.loop(i, 2, "parallel", () => {
    const x = w.load(a, i);
    w.store(b, i, w.alu("add", [x, x]));
    w.store(h, i, w.alu("div", [w.alu("convert", [x], "float32"), w.constant("float32", 3)]));
  });
  const [out, half] = [blank("int8", 2), blank("float16", 2)];
  launch(loops(w), [memory("int8", [100, -3]), out, half]);
  expect([...out.data]).toEqual([-56, -6]);
  expect([...half.data]).toEqual([100 / 3, -1].map((x) => roundToDType("float16", x)));
});

test("where a mask does not hold, nothing is touched and any value may come", () => {
  const w = new KernelWriter();
  const [x, y] = [w.slot("float32", "read"), w.slot("float32", "write")];
  const i = w.axis("i", 4);
  w.loop(i, 4, "parallel", () => {
    const inside = lessThan(i, 2);
    const value = w.alu("select", [w.test(inside), w.load(x, i, inside), w.constant("float32", -1)]);
    w.store(y, i, value, lessThan(i, 3));
  });
  const out = blank("float32", 3);
  launch(loops(w), [memory("float32", [5, 6]), out]);
  expect([...out.data]).toEqual([5, 6, -1]);
});

/** `y[i] = x[index]` for i < 4, or what `body` makes of them. */
function example(body: (w: KernelWriter, i: ReturnType<KernelWriter["axis"]>) => void): () => void {
  const w = new KernelWriter();
  w.slot("float32", "read");
  w.slot("float32", "both");
  w.slot("int32", "read");
  const i = w.axis("i", 4);
  w.loop(i, 4, "parallel", () => body(w, i));
  const memories = [memory("float32", [1, 2, 3, 4]), memory("float32", [5, 6, 7, 8]), memory("int32", [0, 3, 4, -1])];
  return () => launch(loops(w), memories);
}

test.each([
  [
    "a load outside of its slot",
    /in0\[i0 \+ 1\]: element 4 is touched, of 4/,
    example((w, i) => w.store(w.slots[1]!, i, w.load(w.slots[0]!, addIndex(i, 1)))),
  ],
  [
    "a store outside of its slot",
    /out0\[i0 \+ 1\]: element 4 is touched, of 4/,
    example((w, i) => w.store(w.slots[1]!, addIndex(i, 1), w.constant("float32", 0))),
  ],
  [
    "an index that is bound to more than its bounds allow",
    /g0 is 4, but from 0 to 3/,
    example((w, i) => w.store(w.slots[1]!, i, w.load(w.slots[0]!, w.bound(w.load(w.slots[2]!, i), 0, 3)))),
  ],
  [
    "an element that two iterations write",
    /element 1 is written in one iteration of a parallel loop and written in another/,
    example((w) => w.store(w.slots[1]!, constantIndex(1), w.constant("float32", 0))),
  ],
  [
    "an element that one iteration reads and another writes",
    /element 0 is read in one iteration of a parallel loop and written in another/,
    example((w, i) => {
      w.store(w.slots[1]!, i, w.load(w.slots[1]!, constantIndex(0)));
    }),
  ],
  [
    "a register of which a part is read",
    /updated after it was read/,
    example((w) => {
      const sum = w.register("float32", "add");
      const j = w.axis("j", 2);
      w.loop(j, 2, "reduce", () => w.update(sum, w.read(sum)));
    }),
  ],
  [
    "operands of different types",
    /add of float32, int32 gives int32: all have one type/,
    example((w, i) => void w.alu("add", [w.load(w.slots[0]!, i), w.index(i)])),
  ],
  [
    "a store to what is only read",
    /in0 is only read/,
    example((w, i) => w.store(w.slots[0]!, i, w.constant("float32", 0))),
  ],
])("it refuses %s", (_, message, run) => {
  expect(run).toThrow(message);
});

test("a value is unknown outside of the loop that computes it", () => {
  const w = new KernelWriter();
  const [x, y] = [w.slot("float32", "read"), w.slot("float32", "write")];
  const i = w.axis("i", 4);
  w.loop(i, 4, "parallel", () => w.store(y, i, w.load(x, i)));
  const loop = w.statements[0] as Extract<Statement, { kind: "for" }>;
  const kernel = { ...loops(w), body: [loop, loop.body[1]!] };
  expect(() => launch(kernel, [memory("float32", [1, 2, 3, 4]), blank("float32", 4)])).toThrow(/is not known here/);
});

test("iterations of a serial loop may build on each other", () => {
  const w = new KernelWriter();
  const y = w.slot("float32", "both");
  const i = w.axis("i", 3);
  w.loop(i, 3, "serial", () => {
    w.store(y, addIndex(i, 1), w.alu("add", [w.load(y, i), w.load(y, addIndex(i, 1))]));
  });
  const out = memory("float32", [1, 2, 3, 4]);
  launch(loops(w), [out]);
  expect([...out.data]).toEqual([1, 3, 6, 10]);
});

test("a product has its epilogue, and sums of its columns", () => {
  const axes = (name: string, size: number) => indexVariable(name, 0, size - 1) as IndexVariable;
  const [batch, row, column, k] = [axes("b", 2), axes("m", 2), axes("n", 3), axes("k", 4)];
  const [left, right, w] = [new KernelWriter(), new KernelWriter(), new KernelWriter()];
  const [a, b] = [left.slot("float32", "read"), right.slot("float32", "read")];
  const [out, sums] = [w.slot("float32", "write"), w.slot("float32", "write")];
  const product = w.given("float32");
  const value = w.alu("maximum", [product, w.constant("float32", 0)]);
  w.store(out, addIndex(scaleIndex(3, row), column), value);
  const c = constantIndex;
  const at = addIndex(scaleIndex(4, row), k);
  const kernel: DotKernel = {
    kind: "dot",
    dtype: "float32",
    mul: "same",
    name: "product",
    slots: [a, b, out, sums],
    scalars: [],
    ...{ batch, row, column, k, type: "float32", product, epilogue: w.statements },
    sizes: { batch: c(1), rows: c(2), columns: c(3), k: c(4) },
    a: {
      block: left.block(left.load(a, at)),
      lies: { slot: a, start: c(0), strides: { batch: c(0), line: c(4), k: c(1) } },
    },
    b: { block: right.block(right.load(b, addIndex(scaleIndex(3, k), column))), lies: undefined },
    columnSums: [{ value, slot: sums, address: column }],
  };
  const x = [1, 2, 3, 4, -1, -2, 0, 1];
  const y = [1, 0, 2, 0, 1, 0, 1, 1, 1, 2, -1, 0];
  const [z, totals] = [blank("float32", 6), blank("float32", 3)];
  const memories = [memory("float32", x), memory("float32", y), z, totals];
  launch(kernel, memories);
  const expected = [0, 1].flatMap((i) =>
    [0, 1, 2].map((j) =>
      Math.max(
        0,
        [0, 1, 2, 3].reduce((sum, l) => sum + x[4 * i + l]! * y[3 * l + j]!, 0),
      ),
    ),
  );
  expect([...z.data]).toEqual(expected);
  expect([...totals.data]).toEqual([0, 1, 2].map((j) => expected[j]! + expected[j + 3]!));
  const wrong = { ...kernel, a: { ...kernel.a, lies: { ...kernel.a.lies!, start: c(1) } } };
  expect(() => launch(wrong, memories)).toThrow(/in0 is said to have 1 at 1, and has 2/);
  const inPlace = memory("float32", x.slice(0, 6));
  expect(() => launch({ ...kernel, columnSums: [] }, [memories[0]!, inPlace, inPlace, totals])).toThrow(
    /written while it is an operand/,
  );
});

test("lines are sorted stably, NaN last, and payloads follow", () => {
  const axes = (name: string, size: number) => indexVariable(name, 0, size - 1) as IndexVariable;
  const [line, place] = [axes("i", 2), axes("j", 4)];
  const at = addIndex(multiplyIndex(4, line), place);
  const w = new KernelWriter();
  const key = w.slot("float32", "read");
  const [keys, order] = [w.slot("float32", "write"), w.slot("int32", "write")];
  const [sorted, number] = [new KernelWriter(), new KernelWriter()];
  const kernel: SortKernel = {
    ...{ kind: "sort", name: "sort", slots: w.slots, scalars: [], line, place, descending: true },
    ...{ lines: constantIndex(2), size: constantIndex(4) },
    columns: [
      { block: sorted.block(sorted.load(key, at)), slot: keys, address: at },
      { block: number.block(number.index(place)), slot: order, address: at },
    ],
  };
  const [y, p] = [blank("float32", 8), blank("int32", 8)];
  launch(kernel, [memory("float32", [1, NaN, 3, 1, 0, 5, -0, 5]), y, p]);
  expect([...y.data]).toEqual([3, 1, 1, NaN, 5, 5, 0, -0]);
  expect([...p.data]).toEqual([2, 0, 3, 1, 1, 3, 0, 2]);
});
