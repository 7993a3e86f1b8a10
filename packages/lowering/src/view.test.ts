import { evaluateFn } from "@tenon/interpreter";
import {
  applyOp,
  concat,
  type Dim,
  dimAdd,
  dimAtMost,
  dimMul,
  dimSymbol,
  dimValue,
  type Elements,
  Fn,
  input,
  lookupOp,
  type Tensor,
  trace,
} from "@tenon/ir";
import { allSamples, materialize } from "@tenon/ir/samples";
import fc from "fast-check";
import { expect, test } from "vitest";
import { evaluateIndex } from "./index-fold.ts";
import { withIndexScope } from "./index-node.ts";
import { indexText } from "./index-text.ts";
import { loadParts } from "./parts.ts";
import { indexAxes, type ViewOptions, viewOf } from "./view.ts";
import { addressOf } from "./view-address.ts";
import { isMove } from "./view-moves.ts";

await loadParts();

const countOf = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1);

/** The elements of a tensor, read through its view from the elements of the view's sources. */
function readThrough(
  tensor: Tensor,
  sources: ReadonlyMap<Tensor, Elements>,
  symbols: ReadonlyMap<string, number>,
): number[] {
  const view = viewOf(tensor, indexAxes(tensor), { maxReads: 64 });
  const shape = tensor.shape.map((d) => dimValue(d, symbols));
  return Array.from({ length: countOf(shape) }, (_, place) => {
    const values = new Map(symbols);
    for (let axis = shape.length - 1, rest = place; axis >= 0; axis--) {
      values.set(`i${axis}`, rest % shape[axis]!);
      rest = Math.floor(rest / shape[axis]!);
    }
    const holding = view.reads.filter((read) => evaluateIndex(read.mask, values) === 1);
    for (const { source, index } of holding) {
      const at = index.map((x) => evaluateIndex(x, values));
      const sizes = sources.get(source)!.shape;
      expect(at.every((x, axis) => x >= 0 && x < sizes[axis]!)).toBe(true); // wherever a mask holds, the index is inside
    }
    const read = holding[0]!;
    return sources.get(read.source)!.data[evaluateIndex(addressOf(read.source.shape, read.index), values)]!;
  });
}

const names = ["broadcast", "concat", "pad", "reshape", "reverse", "slice", "transpose", "windows"];
const samples = allSamples().filter((s) => names.includes(s.name));

test("every movement op has samples", () => {
  expect([...new Set(samples.map((s) => s.name))].sort()).toEqual(names);
});

test.each(samples.map((s) => [`${s.name} ${s.index}`, s] as const))(
  "%s is read as the interpreter has it",
  (_, sample) => {
    const operands = materialize(sample);
    const { fn } = trace((...xs) => sample.record(xs), operands);
    const sources = new Map(fn.inputs.map((x, i) => [x, operands[i]!]));
    expect(fn.results.every(({ node }) => isMove(node))).toBe(true);
    expect(readThrough(fn.results[0]!, sources, new Map())).toEqual([...evaluateFn(fn, operands)[0]!.data]);
  },
);

const B = dimSymbol("B", { max: 100 });
const Z = dimSymbol("Z", { min: 0, max: 100 });

/** Draws a movement op that fits a tensor, or undefined where the kind does not fit. */
type Draw = (x: Tensor, n: (below: number) => number, value: Tensor, extra: Tensor[]) => Tensor | undefined;

const op = (name: string, operands: readonly Tensor[], attrs: object): Tensor =>
  applyOp(lookupOp(name)!, operands, attrs)[0]!;

const draws: readonly Draw[] = [
  function reshape(x, n) {
    const shape = [...x.shape] as Dim[];
    for (let k = 0; k < 3; k++) {
      const axis = n(Math.max(1, shape.length));
      const size = shape[axis];
      const divisor = [2, 3, 4, 5].filter((d) => typeof size === "number" && size % d === 0)[n(2)];
      if (n(3) === 0 && axis + 1 < shape.length) shape.splice(axis, 2, dimMul(size!, shape[axis + 1]!));
      else if (size !== undefined && typeof size === "number" && divisor !== undefined && shape.length < 5)
        shape.splice(axis, 1, ...(n(2) === 0 ? [divisor, size / divisor] : [size / divisor, divisor]));
      else if (shape.length < 5) shape.splice(axis, 0, 1);
    }
    return op("reshape", [x], { shape });
  },
  function broadcast(x, n) {
    if (x.rank > 4) return undefined;
    const at = n(x.rank + 1);
    const shape = x.shape.map((d) => (d === 1 && n(2) === 0 ? 3 : d)).toSpliced(at, 0, ([2, 1, B] as const)[n(3)]!);
    return op("broadcast", [x], { shape, dims: x.shape.map((_, i) => (i < at ? i : i + 1)) });
  },
  function transpose(x, n) {
    const perm = x.shape.map((_, i) => i);
    for (let i = perm.length - 1; i > 0; i--) {
      const j = n(i + 1);
      [perm[i], perm[j]] = [perm[j]!, perm[i]!];
    }
    return op("transpose", [x], { perm });
  },
  function slice(x, n) {
    const start = x.shape.map((d) => (typeof d === "number" ? n(Math.min(3, d + 1)) : 0));
    const limit = x.shape.map((d, i) => (typeof d === "number" ? d - n(Math.min(3, d - start[i]! + 1)) : d));
    return op("slice", [x], { start, limit, stride: x.shape.map(() => 1 + n(3)) });
  },
  function pad(x, n, value) {
    const widths = (): number[] => x.shape.map(() => Math.max(0, n(5) - 2));
    return op("pad", [x, value], { lo: widths(), hi: widths(), interior: widths() });
  },
  function reverse(x, n) {
    return op("reverse", [x], { axes: x.shape.flatMap((_, i) => (n(2) === 0 ? [i] : [])) });
  },
  function windows(x, n) {
    const fitting = x.shape.flatMap((d, i) => (dimAtMost(3, d) ? [i] : []));
    const axis = fitting[n(Math.max(1, fitting.length))];
    if (axis === undefined || x.rank > 4) return undefined;
    const size = 1 + n(3);
    return op("windows", [x], { axes: [axis], size: [size], stride: [1 + n(3)], dilation: [size === 2 ? 2 : 1] });
  },
  function concat(x, n, _value, extra) {
    if (x.rank === 0) return undefined;
    const axis = n(x.rank);
    const other = input({ dtype: x.dtype, shape: x.shape.with(axis, n(3)) });
    extra.push(other);
    return op("concat", n(2) === 0 ? [x, other, x] : [other, x], { axis });
  },
];

const MAX_COUNT = 400;

test("chains of movement ops are read as the interpreter has them", () => {
  const shapes: readonly (readonly Dim[])[] = [
    [6],
    [2, 6],
    [4, 3, 2],
    [],
    [1],
    [0, 3],
    [B, 4],
    [3, B],
    [Z, 2],
    [1, 5, 1],
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...shapes),
      fc.array(fc.tuple(fc.nat(draws.length - 1), fc.infiniteStream(fc.nat(59))), { minLength: 1, maxLength: 6 }),
      (shape, steps) => {
        const x = input({ dtype: "int32", shape });
        const value = input({ dtype: "int32", shape: [] });
        const extra: Tensor[] = [];
        const example = new Map([
          ["B", 3],
          ["Z", 2],
        ]);
        let y = x;
        for (const [kind, numbers] of steps) {
          const n = (below: number): number => numbers.next().value % below;
          const next = draws[kind]!(y, n, value, extra) ?? y;
          if (countOf(next.shape.map((d) => dimValue(d, example))) <= MAX_COUNT) y = next;
        }
        const inputs = [x, value, ...extra];
        const bound = new Set(inputs.flatMap((t) => t.shape).map(String));
        for (const [b, z] of [
          [3, 2],
          [1, 0],
          [2, 5],
        ] as const) {
          const symbols = new Map([
            ["B", b],
            ["Z", z],
          ]);
          let next = 0;
          const args = inputs.map((t): Elements => {
            const concrete = t.shape.map((d) => dimValue(d, symbols));
            return {
              dtype: "int32",
              shape: concrete,
              data: Float64Array.from({ length: countOf(concrete) }, () => next++),
            };
          });
          // a size that no input has is bound by one that is not read
          const binder = input({ dtype: "int32", shape: [B] });
          const fn = new Fn("chain", [...inputs, ...(bound.has("B") ? [] : [binder])], [y]);
          const all = bound.has("B")
            ? args
            : [...args, { dtype: "int32" as const, shape: [b], data: new Float64Array(b) }];
          const expected = evaluateFn(fn, all)[0]!.data;
          expect(readThrough(y, new Map(inputs.map((t, i) => [t, args[i]!])), symbols)).toEqual([...expected]);
        }
      },
    ),
    { numRuns: 600 },
  );
});

const text = (tensor: Tensor, options?: ViewOptions): string[] =>
  viewOf(tensor, indexAxes(tensor), options).reads.map(
    ({ source, index, mask }) => `${source.op.name}[${index.map(indexText).join(", ")}] where ${indexText(mask)}`,
  );

test("a view stops where it is told to, and where it would have too many reads", () => {
  const x = input({ dtype: "float32", shape: [4] });
  const padded = x.pad({ lo: [1], hi: [1] });
  expect(text(padded.reverse())).toEqual(["input[4 - i0] where i0 < 5 and 0 < i0", "constant[] where true"]);
  expect(text(padded.reverse(), { stop: (node) => node === padded.node })).toEqual(["pad[5 - i0] where true"]);
  expect(text(padded.reverse(), { maxReads: 1 })).toEqual(["pad[5 - i0] where true"]);
  expect(text(concat([x, padded]), { maxReads: 2 })).toEqual(["input[i0] where i0 < 4", "pad[i0 - 4] where 3 < i0"]);
});

test("what lies behind a mask is simplified as if the mask held", () => {
  const x = input({ dtype: "float32", shape: [2, 2, 8] });
  expect(text(x.reshape([4, 8]).pad({ lo: [1, 1], hi: [1, 1] }))[0]).toBe(
    "input[(i0 + 1) floordiv 2 - 1, (i0 + 1) mod 2, i1 - 1] where i1 < 9 and 0 < i1 and i0 < 5 and 0 < i0",
  );
});

test("padding of which nothing is left leaves no mask", () => {
  const x = input({ dtype: "float32", shape: [B, 4] });
  expect(text(x.pad({ lo: [1, 0], hi: [2, 3] }).slice({ start: [1, 0], limit: [dimAdd(B, 1), 4] }))).toEqual([
    "input[i0, i1] where true",
  ]);
});

test("a long chain takes no stack", () => {
  let x = input({ dtype: "float32", shape: [3, 4] });
  for (let n = 0; n < 20_000; n++) x = n % 2 === 0 ? x.transpose() : x.reverse({ axis: 0 });
  expect(withIndexScope(() => text(x))).toEqual(["input[i0, i1] where true"]);
});

test("an index of another rank is refused", () => {
  expect(() => viewOf(input({ dtype: "float32", shape: [3, 4] }), [])).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E206 viewOf: 0 indices do not address a tensor of rank 2.
      tensor: float32 [3, 4]]
  `);
});
