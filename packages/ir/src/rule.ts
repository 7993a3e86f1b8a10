import type { Attrs } from "./attrs.ts";
import { type DType, dtypes } from "./dtype.ts";
import { DTypeError, ShapeError } from "./errors.ts";
import { sourceLine } from "./prose.ts";
import type { DTypeClass, OpRecord } from "./record.ts";
import { currentScope } from "./scope.ts";
import { checkShape, sameType, type TensorType, typeText } from "./shape.ts";

/** A rule's refusal, before the op's name and operands are known. */
class Refusal {
  readonly error: typeof ShapeError | typeof DTypeError;
  readonly code: string;
  readonly problem: string;
  readonly fix: string | undefined;
  constructor(error: typeof ShapeError | typeof DTypeError, code: string, problem: string, fix: string | undefined) {
    this.error = error;
    this.code = code;
    this.problem = problem;
    this.fix = fix;
  }
}

/** Refuses operands from inside a type rule: `fail("E204", "k is 784 in a but 128 in b")`. */
export function fail(code: string, problem: string, fix?: string): never {
  throw new Refusal(ShapeError, code, problem, fix);
}

/** Refuses dtypes from inside a type rule. */
export function failDType(problem: string, fix?: string): never {
  throw new Refusal(DTypeError, "E201", problem, fix);
}

/** Result types by the op's rule; a refusal becomes a typed error that shows every operand. */
export function inferTypes(op: OpRecord, args: readonly TensorType[], attrs: Attrs): readonly TensorType[] {
  try {
    checkCount(op, args.length);
    const types = op.type(args, attrs);
    for (const type of types) checkShape(op.name, type.shape);
    return types;
  } catch (refusal) {
    throw typedError(refusal, op.name, namedOperands(op, args));
  }
}

/** Runs checks that refuse through `fail`, for a function that is no op of its own; `fix` says what to do. */
export function checked<T>(
  name: string,
  operands: Readonly<Record<string, unknown>>,
  fix: () => string | undefined,
  checks: () => T,
): T {
  try {
    return checks();
  } catch (refusal) {
    throw typedError(refusal, name, operands, fix);
  }
}

function typedError(
  thrown: unknown,
  name: string,
  operands: Readonly<Record<string, unknown>>,
  fix?: () => string | undefined,
): unknown {
  if (!(thrown instanceof Refusal)) return thrown;
  return new thrown.error(thrown.code, name, thrown.problem, {
    operands,
    at: currentPlace(),
    fix: thrown.fix ?? fix?.(),
  });
}

/** Layer path and source line of the call being made, for errors. */
export function currentPlace(): string | undefined {
  const { path, source: line = sourceLine() } = currentScope;
  return path === undefined ? line : line === undefined ? path : `${path} (${line})`;
}

/** Refuses too few or too many operands, before they are looked at. */
export function checkOperandCount(op: OpRecord, args: readonly unknown[]): void {
  checked(
    op.name,
    namedOperands(op, args),
    () => undefined,
    () => checkCount(op, args.length),
  );
}

function checkCount(op: OpRecord, given: number): void {
  const open = op.inputs.at(-1)?.startsWith("...") === true;
  const least = open ? op.inputs.length - 1 : op.inputs.length;
  if (given < least || (!open && given > least)) {
    fail("E209", `${given} operand${given === 1 ? "" : "s"} given, ${open ? "at least " : ""}${least} wanted`);
  }
}

/** Operand names with their values, for errors. */
export function namedOperands(op: OpRecord, args: readonly unknown[]): Record<string, unknown> {
  const open = op.inputs.findIndex((name) => name.startsWith("..."));
  return Object.fromEntries(
    args
      .slice(0, 8)
      .map((x, i) => [
        open < 0 || i < open ? (op.inputs[i] ?? `operand ${i}`) : `${op.inputs[open]!.slice(3)}[${i - open}]`,
        x,
      ]),
  );
}

const classes: Readonly<Record<DTypeClass, (kind: string) => boolean>> = {
  float: (kind) => kind === "float",
  number: (kind) => kind !== "bool",
  integer: (kind) => kind === "signed" || kind === "unsigned",
  logical: (kind) => kind !== "float",
  any: () => true,
};

export const accepts = (wanted: DTypeClass, dtype: DType): boolean => classes[wanted](dtypes[dtype].kind);

export const classWords: Readonly<Record<DTypeClass, string>> = {
  float: "a float",
  number: "a number type",
  integer: "an integer type",
  logical: "bool or an integer type",
  any: "any dtype",
};

/** The rule of every element-wise op: operands of one type, of a class of dtypes. */
export function elementwiseType(args: readonly TensorType[], wanted: DTypeClass, names: readonly string[]): TensorType {
  const [first, ...rest] = args;
  if (first === undefined) return fail("E209", "no operand given");
  if (!accepts(wanted, first.dtype)) failDType(`${names[0]} is ${first.dtype} where ${classWords[wanted]} is wanted`);
  rest.forEach((x, i) => {
    if (x.dtype !== first.dtype)
      failDType(`${names[0]} is ${first.dtype} but ${names[i + 1]} is ${x.dtype}`, "convert one of them");
    if (!sameType(x, first))
      fail("E202", `${names[0]} is ${typeText(first)} but ${names[i + 1]} is ${typeText(x)}`, "broadcast one of them");
  });
  return { dtype: first.dtype, shape: first.shape };
}
