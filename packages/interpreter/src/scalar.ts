import {
  type Attrs,
  type ConcreteType,
  type DType,
  dtypes,
  type Elements,
  isInteger,
  type OpRecord,
  roundToDType,
  wrapInteger,
} from "@tenon/ir";

type Meaning = (...args: readonly unknown[]) => number;

/** A scalar op on every element: integers wrap to the result's dtype, bool is 0 or 1, floats stay in float64. */
export function scalar(
  op: OpRecord,
  operands: readonly Elements[],
  attrs: Attrs,
  { dtype, shape }: ConcreteType,
): Float64Array {
  const out = new Float64Array(shape.reduce((n, size) => n * size, 1));
  const whole = isInteger(operands.at(-1)!.dtype);
  const meaning = ((whole ? op.integers : undefined) ?? op.evaluate!) as Meaning;
  const [x, y, z] = operands.map(({ data }) => data);
  if (z !== undefined) ternary(meaning, x!, y!, z, attrs, out);
  else if (y !== undefined) binary(meaning, x!, y, attrs, out);
  else unary(meaning, x!, attrs, out);
  return dtypes[dtype].kind === "float" ? out : wholeElements(dtype, out);
}

function unary(meaning: Meaning, x: Float64Array, attrs: Attrs, out: Float64Array): void {
  for (let i = 0; i < out.length; i++) out[i] = meaning(x[i], attrs);
}

function binary(meaning: Meaning, x: Float64Array, y: Float64Array, attrs: Attrs, out: Float64Array): void {
  for (let i = 0; i < out.length; i++) out[i] = meaning(x[i], y[i], attrs);
}

function ternary(
  meaning: Meaning,
  x: Float64Array,
  y: Float64Array,
  z: Float64Array,
  attrs: Attrs,
  out: Float64Array,
): void {
  for (let i = 0; i < out.length; i++) out[i] = meaning(x[i], y[i], z[i], attrs);
}

function wholeElements(dtype: DType, out: Float64Array): Float64Array {
  if (dtype === "bool") for (let i = 0; i < out.length; i++) out[i] = out[i] === 0 ? 0 : 1;
  else for (let i = 0; i < out.length; i++) out[i] = wrapInteger(dtype, out[i]!);
  return out;
}

/** The elements as a value of the dtype would store them; the array itself where nothing can change. */
export function roundElements(dtype: DType, data: Float64Array): Float64Array {
  if (dtypes[dtype].kind !== "float" || dtype === "float64") return data;
  if (dtype === "float32") return new Float64Array(new Float32Array(data));
  return data.map((x) => roundToDType(dtype, x));
}
