import { type DType, isFloat } from "./dtype.ts";
import { roundToDType } from "./number.ts";
import { applyOp } from "./op.ts";
import type { Elements, OpRecord } from "./record.ts";
import { countOf } from "./strided.ts";
import type { Tensor } from "./tensor.ts";

/** How the elements of one operand are chosen: plain data, drawn only by `materialize`. */
export interface Argument {
  readonly kind: "normal" | "uniform" | "integers" | "distinct" | "values";
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** normal: offset and scale; uniform and integers: lowest and highest; values: the elements. */
  readonly numbers: readonly number[];
}

/**
 * One way to use an op: operands and attributes. Generated tests run every sample through shape rules, derivatives,
 * batching, decompositions and backends.
 */
export interface Sample {
  /** Name of the op or function. */
  readonly name: string;
  readonly index: number;
  readonly operands: readonly Argument[];
  readonly attrs: object;
  /**
   * Finite differences mean nothing here: the function is not smooth at these operands (ties, steps, extremes), or they
   * are rounded, as 16-bit floats are, and factors of reduced precision, which hides a small difference.
   */
  readonly kink: boolean;
  /** No derivative is defined with these operands and attributes. */
  readonly differentiable: boolean;
  /** Records the op on tensors of the operands' types. */
  record(tensors: readonly Tensor[]): readonly Tensor[];
}

/** Operands, then attributes if there are any; attributes that hold traced functions are made when they are needed. */
export type Case = readonly Argument[] | readonly [...Argument[], object] | CaseParts;

interface CaseParts {
  readonly operands: readonly Argument[];
  readonly attrs?: object | (() => object);
  readonly kink?: true;
  readonly differentiable?: false;
}

type Target = OpRecord | { readonly op: OpRecord } | ((...args: never[]) => Tensor | readonly Tensor[]);

/**
 * The samples of an op: of its record, of its function (which promotes and broadcasts), or of a plain function over
 * tensors that takes its options last.
 *
 * An op's file exports them as a function, `export const expSamples = () => samplesOf(exp, […])`, so that bundlers drop
 * them with everything they mention.
 */
export function samplesOf(target: Target, cases: readonly Case[]): readonly Sample[] {
  const name = "op" in target ? target.op.name : target.name;
  return cases.map((c, index): Sample => {
    const { operands, attrs = {}, kink = false, differentiable = true } = "operands" in c ? c : fromList(c);
    const made = (): object => (typeof attrs === "function" ? attrs() : attrs);
    return {
      name,
      index,
      operands,
      get attrs() {
        return made();
      },
      kink: kink || operands.some(({ dtype }) => dtype === "float16" || dtype === "bfloat16"),
      differentiable,
      record: (tensors) => record(target, tensors, made()),
    };
  });
}

function fromList(list: readonly object[]): CaseParts {
  const last = list.at(-1);
  if (last === undefined || isArgument(last)) return { operands: list as readonly Argument[] };
  return { operands: list.slice(0, -1) as readonly Argument[], attrs: last };
}

const isArgument = (x: object): x is Argument => "kind" in x && "numbers" in x;

function record(target: Target, tensors: readonly Tensor[], attrs: object): readonly Tensor[] {
  if (typeof target !== "function") return applyOp(target as OpRecord, tensors, attrs);
  const options = Object.keys(attrs).length > 0 ? [attrs] : [];
  const results = (target as unknown as (...args: unknown[]) => Tensor | readonly Tensor[])(...tensors, ...options);
  return Array.isArray(results) ? results : [results as Tensor];
}

/** Bell-shaped numbers around `offset`, at most 6 `scale` away from it. */
export function normal(
  shape: readonly number[],
  { dtype = "float32", scale = 1, offset = 0 }: { dtype?: DType; scale?: number; offset?: number } = {},
): Argument {
  return { kind: "normal", dtype, shape, numbers: [offset, scale] };
}

/** Numbers from `low` to `high`. */
export function uniform(shape: readonly number[], low: number, high: number, dtype: DType = "float32"): Argument {
  return { kind: "uniform", dtype, shape, numbers: [low, high] };
}

/** Whole numbers from `low` to `high`, both included. */
export function integers(shape: readonly number[], low: number, high: number, dtype: DType = "int32"): Argument {
  return { kind: "integers", dtype, shape, numbers: [low, high] };
}

/** True and false. */
export function bools(shape: readonly number[]): Argument {
  return { kind: "integers", dtype: "bool", shape, numbers: [0, 1] };
}

/** Numbers of which no two are equal, none is 0 and neighbours are at least ½ apart, in mixed order. */
export function distinct(shape: readonly number[], dtype: DType = "float32"): Argument {
  return { kind: "distinct", dtype, shape, numbers: [] };
}

/** Few different numbers, so that many elements are equal; 0 among them. */
export function ties(shape: readonly number[], dtype: DType = "float32"): Argument {
  return { kind: "integers", dtype, shape, numbers: [-1, 1] };
}

/** Just these elements. */
export function values(
  elements: readonly number[],
  shape: readonly number[] = [elements.length],
  dtype: DType = "float32",
): Argument {
  return { kind: "values", dtype, shape, numbers: elements };
}

/** The elements of a sample's operands, the same in every run and on every machine. */
export function materialize(sample: Sample): Elements[] {
  return sample.operands.map((argument, i) => draw(argument, `${sample.name}/${sample.index}/${i}`));
}

function draw({ kind, dtype, shape, numbers }: Argument, key: string): Elements {
  const next = randomUnits(key);
  const [a = 0, b = 0] = numbers;
  const count = countOf(shape);
  const data = Float64Array.from({ length: count }, (_, i) => {
    if (kind === "values") return numbers[i]!;
    if (kind === "uniform") return a + (b - a) * next();
    if (kind === "integers") return a + Math.floor((b - a + 1) * next());
    if (kind === "distinct") return (i - Math.floor(count / 2) + 0.5) / 2;
    let sum = -6; // twelve units have mean 6 and variance 1, and need no logarithm
    for (let n = 0; n < 12; n++) sum += next();
    return a + b * sum;
  });
  if (kind === "distinct") shuffle(data, next);
  return { dtype, shape, data: isFloat(dtype) ? data.map((x) => roundToDType(dtype, x)) : data };
}

function shuffle(data: Float64Array, next: () => number): void {
  for (let i = data.length - 1; i > 0; i--) {
    const j = Math.floor((i + 1) * next());
    [data[i], data[j]] = [data[j]!, data[i]!];
  }
}

/** Numbers in [0, 1) from a hash of `key`: FNV-1a for the seed, the finaliser of MurmurHash3 for each. */
function randomUnits(key: string): () => number {
  let state = 0x811c9dc5; // FNV's offset basis, and below its prime
  for (const letter of key) state = Math.imul(state ^ letter.codePointAt(0)!, 0x01000193);
  return () => {
    state = (state + 0x9e3779b9) | 0; // 2^32 over the golden ratio: a step that visits every state
    let bits = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
    return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32;
  };
}
