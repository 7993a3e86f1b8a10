import { constantValue, dim, int, resultDType, resultShape } from "../attrs.ts";
import type { Meaning } from "../beside.ts";
import { dimValue } from "../dim.ts";
import { type DType, dtypes, integerRange } from "../dtype.ts";
import { checkList, DTypeError, ShapeError } from "../errors.ts";
import { decodeElements, encodeElements, roundToDType } from "../number.ts";
import { applyOp, opRecord } from "../op.ts";
import { fail, failDType } from "../rule.ts";
import { samplesOf } from "../sample.ts";
import { type Shape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

/** Largest byte length of the elements of one constant. */
export const MAX_CONSTANT_BYTES = 65_536;

/** Elements that stand in the graph: one number for a shape that may be symbolic, or a list of at most 64 KiB. */
export const constantOp = opRecord({
  name: "constant",
  version: 1,
  numeric: "exact",
  inputs: [],
  attrs: { value: constantValue(), shape: resultShape(), dtype: resultDType("float32") },
  type(_args, { value, shape, dtype }) {
    if (typeof value === "number") {
      if (!Object.is(roundToDType(dtype, value), value) && !Number.isNaN(value))
        failDType(`${value} is not representable in ${dtype}`, `round it to ${dtype}`);
      return { dtype, shape };
    }
    const size = sizeOf(shape);
    if (typeof size !== "number")
      fail("E207", `a list of elements cannot have the symbolic shape [${shape.join(", ")}]`, "give one number");
    else if (size * dtypes[dtype].byteLength !== value.byteLength)
      fail("E207", `${value.byteLength} bytes are not ${size} elements of ${dtype}`);
    if (value.byteLength > MAX_CONSTANT_BYTES)
      fail("E207", `${value.byteLength} bytes are more than ${MAX_CONSTANT_BYTES}`, "pass the values as an input");
    return { dtype, shape };
  },
});

export const constantMeaning: Meaning<[]> = (_args, { value }, [type]) => {
  const count = type!.shape.reduce((n, d) => n * d, 1);
  return typeof value === "number"
    ? new Float64Array(count).fill(value)
    : decodeElements(type!.dtype, value as Uint8Array);
};

/** A constant: one value for every element of `shape`, or the elements in row-major order. Values are rounded to `dtype`. */
export function constant(
  value: number | boolean | ArrayLike<number>,
  shape: Shape = typeof value === "object" ? [value.length] : [],
  dtype: DType = typeof value === "boolean" ? "bool" : "float32",
): Tensor {
  checkList("constant", "shape", shape, "[2, 3]");
  const values = typeof value === "object" ? value : [Number(value)];
  const { kind } = dtypes[dtype];
  if (kind === "signed" || kind === "unsigned") {
    const [min, max] = integerRange(dtype);
    for (let i = 0; i < values.length; i++) {
      const x = values[i]!;
      if (!Number.isInteger(x) || x < min || x > max) {
        throw new DTypeError("E201", "constant", `${x} is not representable in ${dtype}`, {
          fix: `use whole numbers from ${min} to ${max}`,
        });
      }
    }
  }
  if (typeof value !== "object")
    return applyOp(constantOp, [], { value: roundToDType(dtype, values[0]!), shape, dtype })[0]!;
  const size = sizeOf(shape);
  if (size !== values.length) {
    throw new ShapeError(
      "E207",
      "constant",
      `${values.length} values do not fill the shape [${shape.map(String).join(", ")}]`,
      { fix: typeof size === "number" ? `give ${size} values` : "give one number, which fills any shape" },
    );
  }
  return applyOp(constantOp, [], { value: encodeElements(dtype, values), shape, dtype })[0]!;
}

/** `0, 1, 2, …` along `axis`. */
export const iotaOp = opRecord({
  name: "iota",
  version: 1,
  numeric: "exact",
  inputs: [],
  attrs: { axis: int({ min: 0 }), shape: resultShape(), dtype: resultDType("int32") },
  type(_args, { axis, shape, dtype }) {
    if (dtype === "bool") failDType("bool cannot count", "use an integer type");
    if (axis >= shape.length) fail("E205", `axis ${axis} is outside a shape of rank ${shape.length}`);
    return { dtype, shape };
  },
});

export const iotaMeaning: Meaning<[]> = (_args, { axis }, [type]) => {
  const { shape } = type!;
  const inner = shape.slice(axis + 1).reduce((n, d) => n * d, 1);
  const count = shape[axis]!;
  const out = new Float64Array(shape.reduce((n, d) => n * d, 1));
  for (let i = 0; i < out.length; i++) out[i] = Math.floor(i / inner) % count;
  return out;
};

/** Counts along `axis` of `shape`: element `i` along that axis is `i`. */
export const iota = (shape: Shape, axis = 0, dtype: DType = "int32"): Tensor =>
  applyOp(iotaOp, [], { axis: axis < 0 ? axis + shape.length : axis, shape, dtype })[0]!;

/** A size as a number in the graph: what a symbolic dimension is worth in this call. */
export const dimOp = opRecord({
  name: "dim",
  version: 1,
  numeric: "exact",
  inputs: [],
  attrs: { expr: dim(), dtype: resultDType("int32") },
  type(_args, { dtype }) {
    if (dtype === "bool") failDType("bool cannot hold a size", "use int32 or a float");
    return { dtype, shape: [] };
  },
});

export const dimMeaning: Meaning<[]> = (_args, { expr }) => Float64Array.of(dimValue(expr, new Map()));

export const constantSamples = () =>
  samplesOf(constantOp, [
    [{ value: 0.5, shape: [3, 4], dtype: "float32" }],
    [{ value: -1, shape: [], dtype: "int32" }],
    [{ value: 1, shape: [0, 2], dtype: "bool" }],
    [{ value: Uint8Array.of(0, 1, 1), shape: [3], dtype: "bool" }],
    [{ value: Uint8Array.of(0, 0, 128, 63, 0, 0, 0, 192), shape: [2], dtype: "float32" }],
  ]);
export const iotaSamples = () =>
  samplesOf(iotaOp, [
    [{ axis: 0, shape: [5], dtype: "int32" }],
    [{ axis: 1, shape: [2, 3, 2], dtype: "float32" }],
    [{ axis: 2, shape: [2, 3, 2], dtype: "uint8" }],
    [{ axis: 0, shape: [0], dtype: "int32" }],
  ]);
export const dimSamples = () => samplesOf(dimOp, [[{ expr: 7, dtype: "int32" }], [{ expr: 7, dtype: "float32" }]]);
