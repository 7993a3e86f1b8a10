import { Draw, differences, tolerances } from "@tenon/conformance";
import { evaluateFn } from "@tenon/interpreter";
import {
  type Attrs,
  applyOp,
  type Dim,
  type DType,
  decodeElements,
  dimSymbol,
  type Elements,
  Fn,
  input,
  lookupOp,
  mul,
  roundToDType,
  slice,
  type Tensor,
  transpose,
} from "@tenon/ir";
import { evaluateIndex, type StepProgram, withParts } from "@tenon/lowering";
import { expect } from "vitest";
import { evaluateKernel } from "../../../lowering/src/kernel/evaluate.test-kit.ts";
import { Memory } from "../../../lowering/src/kernel/evaluate-memory.test-kit.ts";
import { programOf } from "../../../lowering/src/lower/lower.test-kit.ts";
import { MAX_THREADS, SHARED_BYTES } from "../capabilities.ts";
import type { KernelSource } from "../cuda/source.ts";
import { type EmulatedLaunch, outcomesOf } from "../emulation.test-kit.ts";
import { sourceOf } from "../kernels.ts";
import { claimsOn } from "./claims.ts";

const LOWEST = -3.4028234663852886e38; // of the finite float32 values
const LN2 = Math.fround(Math.LN2);

/** How an operand's axes lie in the tensor that it is a view of. */
const layouts = ["plain", "heads first", "features first", "a part", "an even part"] as const;
type Layout = (typeof layouts)[number];

export interface AttentionCase {
  readonly backward: boolean;
  readonly dtype: "float32" | "float16" | "bfloat16";
  readonly mul: "same" | "tf32" | "bf16";
  /** Examples, queries, keys, heads of keys, heads of queries for each, features of keys and of values. */
  readonly sizes: { readonly [letter in "b" | "t" | "s" | "heads" | "group" | "d" | "e"]: number };
  readonly causal: boolean;
  readonly mask: boolean;
  readonly bias: boolean;
  readonly layouts: readonly [q: Layout, k: Layout, v: Layout];
  /** Whether the numbers of examples, queries and keys are known only when it runs; they are taken for large ones. */
  readonly symbolic: boolean;
  /** Whether something is done with the results before they are stored. */
  readonly changed: boolean;
}

const ways = [
  { dtype: "float32", mul: "bf16" },
  { dtype: "float32", mul: "tf32" },
  { dtype: "bfloat16", mul: "same" },
  { dtype: "float16", mul: "same" },
] as const;

/** Cases of every format and op in turn, whose sizes and layouts are drawn. */
export function attentionCase(draw: Draw, i: number): AttentionCase {
  const way = ways[i % ways.length]!;
  const backward = Math.floor(i / ways.length) % 2 === 1;
  const features = (): number => draw.pick([draw.integer(8, 40), draw.integer(8, 128), draw.pick([16, 32, 64, 128])]);
  const rows = (): number => draw.pick([draw.integer(16, 40), draw.integer(60, 150)]);
  const d = features();
  return {
    ...{ backward, ...way, causal: draw.chance(0.5), mask: draw.chance(0.3), bias: !backward && draw.chance(0.3) },
    sizes: {
      ...{ b: draw.integer(1, 2), t: rows(), s: rows(), heads: draw.integer(1, 2), group: draw.integer(1, 2) },
      ...{ d, e: draw.chance(0.5) ? d : features() },
    },
    layouts: [draw.pick(layouts), draw.pick(layouts), draw.pick(layouts)],
    ...{ symbolic: draw.chance(0.3), changed: draw.chance(0.5) },
  };
}

/** Both ops in every format, with heads of two sizes in turn, and with all that they may have beside their operands. */
export const attentionCases: readonly AttentionCase[] = ways.flatMap((way, i) =>
  [false, true].map((backward): AttentionCase => {
    const isLarge = (i % 2 === 1) !== backward;
    const d = isLarge ? 128 : 64;
    const layout = isLarge ? "a part" : "plain";
    return {
      ...{ backward, ...way, sizes: { b: 2, t: 100, s: 130, heads: 2, group: 2, d, e: d } },
      ...{ layouts: [layout, layout, layout], symbolic: !isLarge, changed: isLarge },
      ...{ causal: true, mask: isLarge, bias: isLarge && !backward },
    };
  }),
);

/** Inputs of a case, what is computed of them, and what they are given. */
class Given {
  readonly inputs: Tensor[] = [];
  readonly args: Elements[] = [];
  readonly dims = new Map<string, number>();
  readonly #case: AttentionCase;
  readonly #draw: Draw;

  constructor(c: AttentionCase, draw: Draw) {
    this.#case = c;
    this.#draw = draw;
  }

  size(name: string, value: number): Dim {
    if (!this.#case.symbolic) return value;
    this.dims.set(name, value);
    return dimSymbol(name, { max: 4096 });
  }

  add(dtype: DType, shape: readonly Dim[], of: (place: readonly number[]) => number): Tensor {
    const tensor = input({ dtype, shape });
    const sizes = shape.map((size) => (typeof size === "number" ? size : this.dims.get(size.key)!));
    const count = sizes.reduce((n, size) => n * size, 1);
    const data = Float64Array.from({ length: count }, (_, at) => {
      const place: number[] = [];
      for (const size of sizes.toReversed()) {
        place.unshift(at % size);
        at = Math.floor(at / size);
      }
      return roundToDType(dtype, of(place));
    });
    this.inputs.push(tensor);
    this.args.push({ dtype, shape: sizes, data });
    return tensor;
  }

  /** Rows of features, (b, rows, heads, features), however they lie. */
  rows(shape: readonly [Dim, Dim, Dim, number], layout: Layout, of: () => number): Tensor {
    const [b, rows, heads, features] = shape;
    const { dtype } = this.#case;
    if (layout === "plain") return this.add(dtype, shape, of);
    if (layout === "heads first") return transpose(this.add(dtype, [b, heads, rows, features], of), [0, 2, 1, 3]);
    if (layout === "features first") return transpose(this.add(dtype, [b, heads, features, rows], of), [0, 3, 1, 2]);
    const [before, whole] = [layout === "a part" ? 1 : 8, Math.ceil(features / 8) * 8 + 16] as const;
    const start = [0, 0, 0, before];
    return slice(this.add(dtype, [b, rows, heads, whole], of), { start, limit: [b, rows, heads, before + features] });
  }

  /** A whole number, mostly 0 where there are many features; float32 that is to be rounded is a bit away from it. */
  whole(features: number, most: number): number {
    if (!this.#draw.chance(Math.min(1, 8 / features))) return 0;
    const off = this.#case.mul === "same" ? 0 : (this.#draw.unit() - 0.5) * 2 ** -12;
    return this.#draw.integer(-most, most) * (1 + off);
  }
}

/**
 * The function of a case and its arguments. Scores, and the logarithms of sums that the derivative is given, are multiples of ln 2 and
 * cotangents of shares whole, so that shares and the cotangents of scores are what their format has: nothing is lost when they are rounded.
 */
export function attentionOf(c: AttentionCase, draw: Draw): { readonly fn: Fn; readonly given: Given } {
  const { d, e, heads, group, t: queries, s: keys } = c.sizes;
  const given = new Given(c, draw);
  const [b, t, s] = [given.size("B", c.sizes.b), given.size("T", queries), given.size("S", keys)];
  const h = heads * group;
  const score = (): number => given.whole(d, 1);
  const q = given.rows([b, t, h, d], c.layouts[0], score);
  const k = given.rows([b, s, heads, d], c.layouts[1], score);
  const fraction = (): number => (draw.unit() - 0.5) * 4;
  const v = given.rows([b, s, heads, e], c.layouts[2], c.backward ? () => given.whole(e, 2) : fraction);
  const rest: Tensor[] = [];
  if (c.backward) {
    const seesNothing = (query: number): boolean => c.causal && query + keys - queries < 0;
    rest.push(
      given.add("float32", [b, h, t], ([, , query]) => (seesNothing(query!) ? LOWEST : draw.integer(2, 6) * LN2)),
      given.rows([b, t, h, e], "plain", () => given.whole(e, 2)),
      given.add("float32", [b, h, t], () => draw.integer(-3, 3)),
    );
  }
  if (c.mask) {
    const shape = [draw.pick([1, b]), draw.pick([1, h]), draw.pick([1, t]), s];
    rest.push(given.add("bool", shape, ([, , query]) => Number(query! % 7 !== 3 && draw.chance(0.7))));
  }
  if (c.bias) rest.push(given.add("float32", [1, draw.pick([1, h]), t, s], () => draw.integer(-2, 2) * LN2));
  const op = lookupOp(c.backward ? "nn.attention_bwd" : "nn.attention")!;
  const attrs: Attrs = { scale: LN2, causal: c.causal, mask: c.mask, bias: c.bias, mul: c.mul };
  const results = applyOp(op, [q, k, v, ...rest], attrs);
  const changed = c.changed ? results.map((x) => (x.rank === 4 ? mul(transpose(x, [0, 2, 1, 3]), 2) : x)) : results;
  return { fn: new Fn("main", given.inputs, changed), given };
}

/** A program around one kernel of attention, of which all others run before or after it. */
export interface Prepared {
  readonly launch: EmulatedLaunch;
  readonly expected: readonly Elements[];
  results(after: readonly Memory[]): readonly Elements[];
}

const limits = { maxThreads: MAX_THREADS, sharedBytes: SHARED_BYTES, major: 8 };

/** What a case is lowered to; its attention must be one kernel that tensor cores compute. */
export async function kernelOfCase(c: AttentionCase, draw: Draw) {
  const { fn, given } = attentionOf(c, draw);
  const program: StepProgram = await withParts(() => programOf(fn, { claims: claimsOn(limits.major) }));
  const number = program.kernels.findIndex(({ kind }) => kind === "claimed");
  const source: KernelSource = sourceOf(program.kernels[number]!, limits);
  if (!source.text.includes("tenon_multiply_")) throw new Error(`no tensor cores for ${JSON.stringify(c)}`);
  return { fn, given, program, number, source };
}

export async function prepared(c: AttentionCase, draw: Draw): Promise<Prepared> {
  const { fn, given, program, number, source } = await kernelOfCase(c, draw);
  const { args, dims } = given;
  const memories = program.buffers.map(({ dtype, elements, place }) => {
    if (place.kind === "input") return new Memory(dtype, Float64Array.from(args[place.index]!.data));
    if (place.kind === "constant") return new Memory(dtype, decodeElements(dtype, place.data));
    return Memory.poisoned(dtype, evaluateIndex(elements, dims));
  });
  const launches = program.items.map((item) => {
    if (item.kind !== "launch") throw new Error(`a ${item.kind} has come up`);
    const instances = item.instances.map(({ buffers, scalars }) => ({
      ...{ buffers, memories: buffers.map((m) => memories[m]!) },
      scalars: scalars.map((x) => evaluateIndex(x, dims)),
    }));
    return { kernel: item.kernel, instances };
  });
  const middle = launches.findIndex(({ kernel }) => kernel === number);
  const run = (list: typeof launches): void => {
    for (const { kernel, instances } of list) evaluateKernel(program.kernels[kernel]!, instances);
  };
  run(launches.slice(0, middle));
  const { buffers, ...own } = launches[middle]!.instances[0]!;
  return {
    launch: { source, ...own },
    expected: evaluateFn(fn, args),
    results(after) {
      for (const [i, m] of buffers.entries()) memories[m]!.data.set(after[i]!.data);
      run(launches.slice(middle + 1));
      return fn.results.map(({ dtype, shape }, r) => {
        const at = program.buffers.findIndex(({ place }) => place.kind === "result" && place.index === r);
        const sizes = shape.map((size) => (typeof size === "number" ? size : dims.get(size.key)!));
        return { dtype, shape: sizes, data: memories[at]!.data };
      });
    },
  };
}

/** Cases, and so many drawn ones, by the kernels of tensor cores, against the decomposition in float64. */
export async function judgeAttention(
  seed: number,
  count: number,
  chosen: readonly AttentionCase[] = [],
): Promise<void> {
  const draw = new Draw(seed, "attention");
  const cases = [...chosen, ...Array.from({ length: count }, (_, i) => attentionCase(draw, i))];
  const all: Prepared[] = [];
  for (const c of cases) all.push(await prepared(c, draw));
  const outcomes = outcomesOf(all.map(({ launch }) => launch));
  for (const [i, { fault, memories }] of outcomes.entries()) {
    expect(fault, JSON.stringify(cases[i])).toBe("");
    for (const [r, { dtype, data }] of all[i]!.results(memories).entries()) {
      const wrong = differences(dtype, all[i]!.expected[r]!.data, data, tolerances.accumulate.ieee);
      expect(wrong, `${JSON.stringify(cases[i])} ${r}`).toEqual([]);
    }
  }
}
