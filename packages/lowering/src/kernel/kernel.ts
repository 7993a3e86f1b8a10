import type { Attrs, DType, Precision } from "@tenon/ir";
import type { Index, IndexVariable, Predicate } from "../index-node.ts";

/**
 * The kernel language: what every target renders. A kernel is a tree of loops over index variables; values are computed
 * where a `let` stands and are known by identity below it. It is internal: no version, no file holds it.
 */

/** The types in which kernels compute. Narrower dtypes are widened by loads and narrowed by stores. */
export type ValueType = "float32" | "float64" | "int32" | "uint32" | "bool";

/** A buffer that a kernel touches; a launch says which one it is. */
export interface Slot {
  readonly name: string;
  /** How elements lie in memory. A load of int8 or int16 gives int32, of 8 or 16 unsigned bits uint32, of 16-bit floats float32. */
  readonly dtype: DType;
  readonly access: "read" | "write" | "both";
}

/**
 * On two operands of one type; integers wrap. `div` and `rem` of integers never trap, and truncate; the counts of `shl` and `shr` are
 * taken modulo 32, and `shr` of int32 keeps the sign.
 */
export const binaryOps = [
  "add",
  "sub",
  "mul",
  "div",
  "rem",
  "maximum",
  "minimum",
  "pow",
  "and",
  "or",
  "xor",
  "shl",
  "shr",
] as const;
/** On one operand; the type is kept. `round` takes ties to even; `not` is bitwise on integers. */
export const unaryOps = ["neg", "abs", "sign", "floor", "ceil", "round", "sqrt", "rsqrt", "not"] as const;
/** On one float; see `elementary`, which gives a target those it has no word for. */
export const elementaryOps = ["exp", "expm1", "log", "log1p", "tanh", "erf", "sin", "cos"] as const;
/** Two operands of one type give a bool. With NaN all but `ne` are false. */
export const compareOps = ["eq", "ne", "lt", "le", "gt", "ge"] as const;

/**
 * What a value is computed by, besides the above:
 * `convert` to the value's type (float to integer truncates and saturates, NaN gives 0; to bool is ≠ 0), `bitcast` (32 bits),
 * `select(p, a, b)`, `is_finite`, `round16` and `roundb16` (to the nearest float16 or bfloat16, kept as float32), and
 * `wrap8`, `wrap16` (to the low bits, sign extended for int32, zero extended for uint32).
 */
export type AluOp =
  | (typeof binaryOps)[number]
  | (typeof unaryOps)[number]
  | (typeof elementaryOps)[number]
  | (typeof compareOps)[number]
  | "convert"
  | "bitcast"
  | "select"
  | "is_finite"
  | "round16"
  | "roundb16"
  | "wrap8"
  | "wrap16";

interface Typed {
  readonly type: ValueType;
}

export interface ConstantValue extends Typed {
  readonly kind: "constant";
  /** Of float32 values the exact float32 number; of bool 0 or 1. */
  readonly value: number;
}

/** An index expression as an int32. */
export interface IndexValue extends Typed {
  readonly kind: "index";
  readonly type: "int32";
  readonly index: Index;
}

/** A predicate on indices as a bool. */
export interface TestValue extends Typed {
  readonly kind: "test";
  readonly type: "bool";
  readonly predicate: Predicate;
}

/** The element at `address`, in elements. Where the mask does not hold, any value, and nothing outside is touched. */
export interface LoadValue extends Typed {
  readonly kind: "load";
  readonly slot: Slot;
  readonly address: Index;
  readonly mask: Predicate;
}

export interface AluValue extends Typed {
  readonly kind: "alu";
  readonly op: AluOp;
  readonly operands: readonly Value[];
}

/** What a register holds, after the loop that updates it. */
export interface ReadValue extends Typed {
  readonly kind: "read";
  readonly register: Register;
}

/** What the surroundings give: the sum that the epilogue of a matrix product takes, or an element of a claimed composite. */
export interface GivenValue extends Typed {
  readonly kind: "given";
}

export type Value = ConstantValue | IndexValue | TestValue | LoadValue | AluValue | ReadValue | GivenValue;

/** Reductions are associative; a target may keep several partial results, in an order that does not change between runs. */
export type Combine = "add" | "mul" | "maximum" | "minimum" | "and" | "or";

/** What a reduction gathers; it starts at the identity of `combine`. */
export interface Register extends Typed {
  readonly name: string;
  readonly combine: Combine;
}

/** Computes a value here, once. Operands stand before their users. Constants have none: they are known everywhere. */
export interface Let {
  readonly kind: "let";
  readonly value: Value;
}

/** From here on `variable` has the value, an int32 within the variable's bounds. */
export interface Bind {
  readonly kind: "bind";
  readonly variable: IndexVariable;
  readonly value: Value;
}

export interface Declare {
  readonly kind: "declare";
  readonly register: Register;
}

export interface Update {
  readonly kind: "update";
  readonly register: Register;
  readonly value: Value;
}

/** Where the mask holds, the value becomes the element at `address`. */
export interface Store {
  readonly kind: "store";
  readonly slot: Slot;
  readonly address: Index;
  readonly value: Value;
  readonly mask: Predicate;
}

/**
 * Runs the body for `variable` = 0 … size − 1. The iterations of `parallel` loops are independent of each other, and nothing but
 * parallel loops stands around them; a row may have several, one after another, beside loops of other roles. Iterations of
 * `serial` loops run in order; those of `reduce` loops meet only in registers, though each may store elements of its own.
 */
export interface For {
  readonly kind: "for";
  readonly variable: IndexVariable;
  readonly size: Index;
  readonly role: "parallel" | "serial" | "reduce";
  readonly body: readonly Statement[];
}

export interface If {
  readonly kind: "if";
  readonly condition: Value;
  readonly body: readonly Statement[];
}

export type Statement = Let | Bind | Declare | Update | Store | For | If;

/** Statements, and what they compute. Its free variables are said where it is used. */
export interface Block {
  readonly statements: readonly Statement[];
  readonly value: Value;
}

interface KernelParts {
  /** Made of the ops it came from, for people. */
  readonly name: string;
  readonly slots: readonly Slot[];
  /** Sizes and counters that the launch gives: symbols of the module, and iterations of loops around. */
  readonly scalars: readonly IndexVariable[];
}

export interface LoopKernel extends KernelParts {
  readonly kind: "loops";
  readonly body: readonly Statement[];
}

/** `Σ_k a(batch, row, k) · b(batch, k, column)`, handed to a target that has a template for it. */
export interface DotKernel extends KernelParts {
  readonly kind: "dot";
  readonly batch: IndexVariable;
  readonly row: IndexVariable;
  readonly column: IndexVariable;
  readonly k: IndexVariable;
  readonly sizes: { readonly batch: Index; readonly rows: Index; readonly columns: Index; readonly k: Index };
  /** The type of the sum. */
  readonly type: "float32" | "float64" | "int32" | "uint32";
  /** The dtype of the factors, and how they are rounded besides; what the operands give is. */
  readonly dtype: DType;
  readonly mul: Precision;
  /** Free in `batch`, `row` and `k`. */
  readonly a: DotOperand;
  /** Free in `batch`, `k` and `column`. */
  readonly b: DotOperand;
  /** What is done with each sum: free in `batch`, `row` and `column`; its value is not used. */
  readonly epilogue: readonly Statement[];
  /** The sum, as the epilogue reads it. */
  readonly product: GivenValue;
  readonly columnSums: readonly ColumnSum[];
}

/** Elements of an operand; where they lie at constant distances, also how they lie. */
export interface DotOperand {
  readonly block: Block;
  readonly lies: Affine | undefined;
  /** The same before it is rounded as `mul` says, for a target whose products do that; undefined where `mul` is `same`. */
  readonly unrounded?: DotOperand;
}

/** Element (batch, row or column, k) of `slot` is at `start + batch·s_batch + line·s_line + k·s_k`, in elements. */
export interface Affine {
  readonly slot: Slot;
  readonly start: Index;
  readonly strides: { readonly batch: Index; readonly line: Index; readonly k: Index };
}

/** `slot[address(column)] = Σ_row value`, for products with one batch. The value is computed in the epilogue. */
export interface ColumnSum {
  readonly value: Value;
  readonly slot: Slot;
  readonly address: Index;
}

/** Lines of `size` elements, each sorted by its key, stably; the payloads follow. NaN comes last. */
export interface SortKernel extends KernelParts {
  readonly kind: "sort";
  readonly line: IndexVariable;
  readonly place: IndexVariable;
  readonly lines: Index;
  readonly size: Index;
  readonly descending: boolean;
  /** What is sorted, key first: values free in `line` and `place`, and where element `place` of the sorted line goes. */
  readonly columns: readonly SortColumn[];
}

export interface SortColumn {
  readonly block: Block;
  readonly slot: Slot;
  readonly address: Index;
}

/**
 * A composite that the target has claimed, for the kernel that it has for the op. What is computed is said by the op's name, version
 * and attributes and by the dtypes and sizes of operands; here is where the operands lie, and what is done with the
 * results. Nothing that is written is in the memory of an operand.
 */
export interface ClaimedKernel extends KernelParts {
  readonly kind: "claimed";
  readonly op: string;
  readonly version: number;
  readonly attrs: Attrs;
  /** Its operands. */
  readonly inputs: readonly Strided[];
  readonly results: readonly ClaimedResult[];
}

/**
 * A tensor in memory, whose element `i` is that of `slot` at `start + Σ_k i_k · strides_k`, in elements. Axes may be repeated, with
 * stride 0, and turned round, with a negative one; that of an axis of size 1 is 0.
 */
export interface Strided {
  readonly slot: Slot;
  readonly start: Index;
  readonly sizes: readonly Index[];
  readonly strides: readonly Index[];
}

export interface ClaimedResult {
  readonly dtype: DType;
  readonly axes: readonly ClaimedAxis[];
  /** An element, as the epilogue reads it, in the type in which kernels compute; it need not be rounded to the dtype. */
  readonly given: GivenValue;
  /**
   * What is done with each element: free in the variables of `axes`. It is to be run once for each place of the result, in any order;
   * without statements nobody wants the result, and it need not be computed.
   */
  readonly epilogue: readonly Statement[];
  /** Where the elements lie if the epilogue does nothing but store them as they are. */
  readonly lies: Strided | undefined;
}

export interface ClaimedAxis {
  readonly variable: IndexVariable;
  readonly size: Index;
}

export type Kernel = LoopKernel | DotKernel | SortKernel | ClaimedKernel;
