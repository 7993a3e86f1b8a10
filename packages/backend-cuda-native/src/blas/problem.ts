import { type DType, dtypes } from "@tenon/ir";
import { evaluateIndex, type Index } from "@tenon/lowering";
import type { Placed, ProductForm } from "./form.ts";

/*
 * Values of NVIDIA's enumerations: cuBLAS Library, sections "cudaDataType_t", "cublasComputeType_t", "cublasLtEpilogue_t" and
 * "cublasLtReductionScheme_t".
 */
const dataTypes: Readonly<Partial<Record<DType, number>>> = { float32: 0, float64: 1, float16: 2, bfloat16: 14 };
const computeTypes = { same: 68, tf32: 77, bf16: 75 } as const;
const COMPUTE_FLOAT64 = 70;
const DEFAULT = 1;
const BIAS = 4;
const activations = { none: 0, relu: 2, gelu: 32 } as const;
/** Partial sums are added up in any type, or only in that of the sum, never in a narrower one of the result. */
const ANY_REDUCTION = 7;
const WIDE_REDUCTION = 2;

/** What memory is aligned to that the backend gives out, in bytes. */
const ALIGNMENT = 256;

/** Of a slot of the kernel, from a byte on. */
export interface PlacedOperand {
  readonly slot: number;
  readonly offset: number;
}

/** A matrix as the library is told of it: columns lie one after the other, `leading` elements from one to the next. */
export interface Lies extends PlacedOperand {
  readonly leading: number;
  readonly stride: number;
  readonly alignment: number;
}

/** `D = activation(alpha · op(A) · op(B) + C + bias)`, where everything is a number. */
export interface ProductProblem {
  readonly operandType: DType;
  readonly resultType: DType;
  readonly mul: ProductForm["mul"];
  readonly activation: ProductForm["activation"];
  readonly alpha: number;
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  readonly batch: number;
  readonly turnA: boolean;
  readonly turnB: boolean;
  readonly a: Lies;
  readonly b: Lies;
  readonly c: Lies | undefined;
  readonly d: Lies;
  readonly bias: (PlacedOperand & { readonly alignment: number }) | undefined;
}

/** Steps of an operand, as numbers. */
interface Steps {
  readonly slot: number;
  readonly start: number;
  readonly batch: number;
  readonly line: number;
  readonly other: number;
  readonly bytes: number;
}

/**
 * The product of a form with the launch's sizes; undefined where the library has no word for it. Its matrices are column-major: where
 * the result lies row by row, it is the transposed one that is computed, with the operands in the other order.
 */
export function problemOf(form: ProductForm, scalars: ReadonlyMap<string, number>): ProductProblem | undefined {
  const number = (x: Index): number => evaluateIndex(x, scalars);
  const [batch, rows, columns, depth] = [form.sizes.batch, form.sizes.rows, form.sizes.columns, form.sizes.k].map(
    number,
  );
  const lines = number(form.lines);
  if (lines !== rows && lines !== batch! * rows!) return undefined; // the last matrix of a batch is not whole
  if (batch === 0 || rows === 0 || columns === 0 || depth === 0) return undefined;
  const steps = (placed: Placed): Steps => ({
    slot: placed.slot,
    bytes: dtypes[placed.dtype].byteLength,
    ...{ start: number(placed.start), batch: batch === 1 ? 0 : number(placed.batch) },
    ...{ line: number(placed.line), other: number(placed.other) },
  });
  const turned = (s: Steps): Steps => ({ ...s, line: s.other, other: s.line });
  const [a, b, d] = [form.a, form.b, form.result].map(steps) as [Steps, Steps, Steps];
  const [c, bias] = [form.addend, form.bias].map((placed) => placed && steps(placed));
  const sizes = { batch: batch!, depth: depth! };
  const common = { form, sizes };
  return (
    columnMajor({
      ...common,
      rows: columns!,
      columns: rows!,
      a: b,
      b: a,
      c: c && turned(c),
      d: turned(d),
      bias: bias && turned(bias),
    }) ?? columnMajor({ ...common, rows: rows!, columns: columns!, a, b, c, d, bias })
  );
}

interface Oriented {
  readonly form: ProductForm;
  readonly sizes: { readonly batch: number; readonly depth: number };
  readonly rows: number;
  readonly columns: number;
  /** Lines of `a` are rows, those of `b` columns of the result. */
  readonly a: Steps;
  readonly b: Steps;
  readonly c: Steps | undefined;
  readonly d: Steps;
  readonly bias: Steps | undefined;
}

function columnMajor({ form, sizes, rows, columns, a, b, c, d, bias }: Oriented): ProductProblem | undefined {
  const { batch, depth } = sizes;
  const [straightA, straightB] = [lies(a, rows, depth), lies(flipped(b), depth, columns)];
  const placed = {
    a: straightA ?? lies(flipped(a), depth, rows),
    b: straightB ?? lies(b, columns, depth),
    c: c && lies(c, rows, columns),
    d: lies(d, rows, columns),
  };
  if (placed.a === undefined || placed.b === undefined || placed.d === undefined) return undefined;
  if (c !== undefined && placed.c === undefined) return undefined;
  // one number for each row of the column-major result
  if (bias !== undefined && (bias.other !== 0 || (rows > 1 && bias.line !== 1))) return undefined;
  const { mul, activation, alpha } = form;
  if (form.a.dtype === "float64" && (bias !== undefined || activation !== "none")) return undefined;
  return {
    ...{ operandType: form.a.dtype, resultType: form.result.dtype, mul, activation, alpha },
    ...{ rows, columns, depth, batch, turnA: straightA === undefined, turnB: straightB === undefined },
    ...{ a: placed.a, b: placed.b, c: placed.c, d: placed.d },
    bias: bias && { slot: bias.slot, offset: bias.start * bias.bytes, alignment: alignmentOf(bias) },
  };
}

const flipped = (s: Steps): Steps => ({ ...s, line: s.other, other: s.line });

/** A matrix of `rows` elements that lie side by side, `columns` times; undefined where they do not. */
function lies(s: Steps, rows: number, columns: number): Lies | undefined {
  if ((rows > 1 && s.line !== 1) || (columns > 1 && s.other < rows) || s.start < 0 || s.batch < 0) return undefined;
  const leading = columns > 1 ? s.other : rows;
  return { slot: s.slot, offset: s.start * s.bytes, leading, stride: s.batch, alignment: alignmentOf(s) };
}

/** The largest power of two up to the memory's alignment that the first element's address is a multiple of. */
function alignmentOf({ start, bytes }: Steps): number {
  let alignment = ALIGNMENT;
  while ((start * bytes) % alignment !== 0) alignment /= 2;
  return alignment;
}

/** Products and additions. */
export const workOf = ({ rows, columns, depth, batch }: ProductProblem): number => batch * rows * columns * depth;

/** The numbers by which the addon is told of a product, in its order. */
export function numbersOf(problem: ProductProblem, mostWorkspace: number): Float64Array {
  const { operandType, resultType, mul, activation, a, b, c, d, bias } = problem;
  const float64 = operandType === "float64";
  const epilogue = (bias === undefined ? 0 : BIAS) + activations[activation];
  return Float64Array.of(
    ...[float64 ? COMPUTE_FLOAT64 : computeTypes[mul], dataTypes[float64 ? "float64" : "float32"]!],
    ...[dataTypes[operandType]!, dataTypes[resultType]!, Number(problem.turnA), Number(problem.turnB)],
    ...[problem.rows, problem.columns, problem.depth],
    ...[a, b, c ?? d, d].flatMap(({ leading, stride, alignment }) => [leading, stride, alignment]),
    ...[
      problem.batch,
      epilogue === 0 ? DEFAULT : epilogue,
      bias?.alignment ?? 0,
      problem.alpha,
      c === undefined ? 0 : 1,
    ],
    ...[dtypes[resultType].byteLength < 4 ? WIDE_REDUCTION : ANY_REDUCTION, mostWorkspace],
  );
}

/** The product for people: `128×784×256 float32, bias, relu`. */
export function textOf({
  batch,
  rows,
  columns,
  depth,
  operandType,
  resultType,
  mul,
  activation,
  ...p
}: ProductProblem): string {
  const size = `${batch === 1 ? "" : `${batch} of `}${rows}×${depth}×${columns}`;
  const types = operandType === resultType ? operandType : `${operandType} to ${resultType}`;
  const added = [p.bias && "bias", p.c && "sum"].filter((x) => x !== undefined);
  const words = [mul === "same" ? undefined : mul, ...added, activation === "none" ? undefined : activation];
  return [`${size} ${types}`, ...words.filter((x) => x !== undefined)].join(", ");
}
