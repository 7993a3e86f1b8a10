import { type Dim, DimExpr } from "./dim.ts";
import { type DType, dtypes, integerRange, isFloat, promoteDTypes } from "./dtype.ts";
import { checkList, DTypeError, ShapeError } from "./errors.ts";
import { roundToDType } from "./number.ts";
import { applyOp } from "./op.ts";
import { tensorFix, valueText } from "./prose.ts";
import type { DTypeClass, Operand, OpRecord } from "./record.ts";
import { lookupOp } from "./registry.ts";
import { checkOperandCount, currentPlace, namedOperands } from "./rule.ts";
import { broadcastShapes, type Shape, sameShape } from "./shape.ts";
import { Tensor } from "./tensor.ts";

/** One number for all elements, rounded to `dtype`. */
export const splat = (value: number | boolean, shape: Shape, dtype: DType): Tensor =>
  applyOp(lookupOp("constant")!, [], { value: roundToDType(dtype, Number(value)), shape, dtype })[0]!;

/** The tensor in another dtype; itself where it has that dtype. */
export const convertTo = (x: Tensor, dtype: DType): Tensor =>
  x.dtype === dtype ? x : applyOp(lookupOp("convert")!, [x], { to: dtype })[0]!;

/** The tensor repeated along new leading axes and axes of size 1; itself where it has that shape. */
export function broadcastShape(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const dims = x.shape.map((_, i) => i + shape.length - x.shape.length);
  return applyOp(lookupOp("broadcast")!, [x], { shape, dims })[0]!;
}

/** Refuses what is no tensor, where numbers do not stand for tensors. */
export function checkTensor(op: string, name: string, x: unknown): asserts x is Tensor {
  if (x instanceof Tensor) return;
  throw new DTypeError("E201", op, `${name} is ${valueText(x)}, which is no tensor`, {
    at: currentPlace(),
    fix: tensorFix(x),
  });
}

/** Refuses what is no list of tensors. */
export function checkTensors(op: string, name: string, list: readonly unknown[]): asserts list is readonly Tensor[] {
  checkList(op, name, list, "[x]");
  list.forEach((x, i) => {
    checkTensor(op, `${name}[${i}]`, x);
  });
}

/** An operand as a tensor of `dtype`; numbers become splat constants of rank 0. */
export function toTensor(op: string, x: Operand, dtype: DType): Tensor {
  if (x instanceof Tensor) return convertTo(x, dtype);
  if (x instanceof DimExpr) return applyOp(lookupOp("dim")!, [], { expr: x, dtype })[0]!;
  if (typeof x !== "number" && typeof x !== "boolean") {
    throw new DTypeError("E201", op, `${valueText(x)} is no tensor and no number`, {
      at: currentPlace(),
      fix: tensorFix(x),
    });
  }
  checkFits(op, Number(x), dtype);
  return splat(x, [], dtype);
}

function checkFits(op: string, value: number, dtype: DType): void {
  const { kind } = dtypes[dtype];
  if (kind === "float" || kind === "bool") return;
  const [min, max] = integerRange(dtype);
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new DTypeError("E201", op, `${value} is not representable in ${dtype}`, {
    at: currentPlace(),
    fix: `use a whole number from ${min} to ${max}, or cast the tensor`,
  });
}

/** Dtype in which operands meet, the first `fixed` left out: tensors promote each other, numbers follow them. */
export function commonDType(op: OpRecord, all: readonly Operand[], wanted: DTypeClass, fixed = 0): DType {
  const operands = all.slice(fixed);
  let common: DType | undefined;
  for (const x of operands) {
    if (!(x instanceof Tensor)) continue;
    const next = common === undefined ? x.dtype : promoteDTypes(common, x.dtype);
    if (next === undefined) {
      throw new DTypeError("E201", op.name, `${common} and ${x.dtype} have no common integer type`, {
        operands: namedOperands(op, all),
        at: currentPlace(),
        fix: `cast one of them, for example x.cast("${common}")`,
      });
    }
    common = next;
  }
  const numbers = operands.filter((x) => typeof x === "number") as number[];
  const fractional = numbers.some((x) => !Number.isInteger(x));
  const weak = numbers.length > 0 || operands.some((x) => x instanceof DimExpr);
  if (common === undefined)
    common = fractional || !operands.some((x) => x instanceof DimExpr) ? (weak ? "float32" : "bool") : "int32";
  if (!isFloat(common) && (fractional || wanted === "float")) return "float32";
  return common === "bool" && weak ? "int32" : common;
}

/** Operands of an element-wise op in one dtype and one shape; the first `fixed` keep their dtype. */
export function promote(
  op: OpRecord,
  operands: readonly Operand[],
  wanted: DTypeClass,
  fixed: number,
): readonly Tensor[] {
  checkOperandCount(op, operands);
  const dtype = commonDType(op, operands, wanted, fixed);
  const tensors = operands.map((x, i) =>
    i < fixed ? (x instanceof Tensor ? x : toTensor(op.name, x, "bool")) : toTensor(op.name, x, dtype),
  );
  const first = tensors[0]!.shape;
  if (tensors.every((x) => x.shape === first)) return tensors;
  const shape = broadcastShapes(...tensors.map((x) => x.shape));
  if (shape === undefined) {
    throw new ShapeError(
      "E203",
      op.name,
      `shapes ${tensors.map((x) => `[${x.shape.map(String).join(", ")}]`).join(" and ")} do not broadcast`,
      {
        operands: namedOperands(op, tensors),
        at: currentPlace(),
        fix: "sizes are compared from the last axis and must be equal or 1; reshape one operand",
      },
    );
  }
  return tensors.map((x) => broadcastShape(x, shape));
}

/** Operands of a structural or composite op: tensors as they are, numbers in the dtype of the first tensor. */
export function operandTensors(op: OpRecord, operands: readonly Operand[]): readonly Tensor[] {
  checkOperandCount(op, operands);
  const first = operands.find((x) => x instanceof Tensor);
  return operands.map((x) => (x instanceof Tensor ? x : toTensor(op.name, x, first?.dtype ?? "float32")));
}

/** Operands that all have the batch axis first: those without one are repeated along it. */
export function alignBatch(args: readonly Tensor[], batched: readonly boolean[], size: Dim): readonly Tensor[] {
  return args.map((x, i) => {
    if (batched[i] === true) return x;
    const shape = [size, ...x.shape];
    return applyOp(lookupOp("broadcast")!, [x], { shape, dims: x.shape.map((_, j) => j + 1) })[0]!;
  });
}
