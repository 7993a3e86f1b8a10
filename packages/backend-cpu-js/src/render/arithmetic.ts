import type { Arithmetic, ValueType } from "@tenon/lowering";
import type { Instruction, Node, Tape } from "./tape.ts";

/** How many values of 32 bits are computed at once. */
export const LANES = 4;

const words = new DataView(new ArrayBuffer(4));

function floatBits(value: number): number {
  words.setFloat32(0, value);
  return words.getInt32(0);
}

const scalars = { float32: "f32", float64: "f64", int32: "i32", uint32: "i32", bool: "i32" } as const;

/** What stands for the type in names of instructions on one value. */
export const scalarOf = (type: ValueType): "f32" | "f64" | "i32" => scalars[type];

export const isVector = (x: Node): boolean => x.type === "v128";

/**
 * Instructions on one value or on four lanes, whichever the operands are: where one operand is a vector, the others are
 * splat. Choices are 0 or 1 as single values, and no bit or all bits of a lane.
 */
export class Lanes {
  readonly tape: Tape;
  readonly relaxed: boolean;

  constructor(tape: Tape, relaxed: boolean) {
    this.tape = tape;
    this.relaxed = relaxed;
  }

  i32(value: number): Node {
    return this.tape.pure("i32.const", [], value | 0);
  }

  constant(type: ValueType, value: number): Node {
    return scalarOf(type) === "i32" ? this.i32(value) : this.tape.pure(`${scalarOf(type) as "f32"}.const`, [], value);
  }

  /** Four lanes of the value; a vector stays. */
  splat(x: Node, type: ValueType): Node {
    if (isVector(x)) return x;
    const { tape } = this;
    if (x.op === "f32.const" || x.op === "i32.const") {
      const value = x.immediates[0] as number;
      const bits = x.op === "f32.const" ? floatBits(value) : type === "bool" ? -value : value;
      return this.vector([bits, bits, bits, bits]);
    }
    if (type === "bool") return tape.pure("i32x4.splat", [this.integer("sub", this.i32(0), x)]);
    return tape.pure(type === "float32" ? "f32x4.splat" : "i32x4.splat", [x]);
  }

  /** A constant of four words. */
  vector(bits: readonly number[]): Node {
    return this.tape.pure("v128.const", [], Int32Array.from(bits));
  }

  /** The value in one lane. */
  extract(x: Node, type: ValueType, lane: number): Node {
    if (!isVector(x)) return x;
    if (type === "float32") return this.tape.pure("f32x4.extract_lane", [x], lane);
    const bits = this.tape.pure("i32x4.extract_lane", [x], lane);
    return type === "bool" ? this.integer("and", bits, this.i32(1)) : bits;
  }

  /** The vector of these values. */
  join(values: readonly Node[], type: ValueType): Node {
    const shape = type === "float32" ? "f32x4" : "i32x4";
    const [first, ...rest] = type === "bool" ? values.map((x) => this.integer("sub", this.i32(0), x)) : values;
    return rest.reduce<Node>(
      (vector, x, i) => this.tape.pure(`${shape}.replace_lane`, [vector, x], i + 1),
      this.tape.pure(`${shape}.splat`, [first!]),
    );
  }

  /** An instruction that is called alike for one value and for lanes; `type` is that of the operands. */
  apply(name: string, type: ValueType, ...operands: readonly Node[]): Node {
    if (!operands.some(isVector)) return this.tape.pure(`${scalarOf(type)}.${name}` as Instruction, operands);
    const vectors = operands.map((x) => this.splat(x, type));
    return this.tape.pure(`${scalarOf(type)}x4.${name}` as Instruction, vectors);
  }

  /** The same lane by lane, for what there is no instruction for on vectors. */
  each(
    type: ValueType,
    operands: readonly (readonly [Node, ValueType])[],
    f: (...values: readonly Node[]) => Node,
  ): Node {
    if (!operands.some(([x]) => isVector(x))) return f(...operands.map(([x]) => x));
    const lanes = [0, 1, 2, 3].map((lane) => f(...operands.map(([x, own]) => this.extract(x, own, lane))));
    return this.join(lanes, type);
  }

  /** add, sub, mul, and, or or xor of int32. */
  integer(name: "add" | "sub" | "mul" | "and" | "or" | "xor", a: Node, b: Node): Node {
    const [x, y] = [constantOf(a), constantOf(b)];
    if (x !== undefined && y !== undefined) return this.i32(folds[name](x, y));
    if (x !== undefined && name !== "sub") return this.integer(name, b, a);
    if (y === 0 && (name === "add" || name === "sub" || name === "or" || name === "xor")) return a;
    if (y === 0 && (name === "mul" || name === "and")) return this.i32(0);
    if (y === 1 && name === "mul") return a;
    if (y !== undefined && name === "mul" && y > 0 && (y & (y - 1)) === 0)
      return this.shift("shl", a, 31 - Math.clz32(y));
    if (name === "and" || name === "or" || name === "xor") return this.bits(name, a, b, "int32");
    return this.apply(name, "int32", a, b);
  }

  /** and, or, xor of bits. */
  bits(name: "and" | "or" | "xor", a: Node, b: Node, type: ValueType): Node {
    if (!isVector(a) && !isVector(b)) return this.tape.pure(`i32.${name}`, [a, b]);
    return this.tape.pure(`v128.${name}`, [this.splat(a, type), this.splat(b, type)]);
  }

  shift(name: "shl" | "shr_s" | "shr_u", x: Node, count: number): Node {
    if (count === 0) return x;
    return this.tape.pure(isVector(x) ? `i32x4.${name}` : `i32.${name}`, [x, this.i32(count)]);
  }

  select(condition: Node, a: Node, b: Node, type: ValueType): Node {
    if (a === b) return a;
    const known = constantOf(condition);
    if (known !== undefined) return known === 0 ? b : a;
    if (!isVector(a) && !isVector(b) && !isVector(condition)) return this.tape.pure("select", [a, b, condition]);
    const op = this.relaxed ? "i32x4.relaxed_laneselect" : "v128.bitselect";
    return this.tape.pure(op, [this.splat(a, type), this.splat(b, type), this.splat(condition, "bool")]);
  }

  /** The smaller or larger of two int32. */
  choose(kind: "min" | "max", a: Node, b: Node, unsigned = false): Node {
    const sign = unsigned ? "u" : "s";
    if (isVector(a) || isVector(b)) return this.apply(`${kind}_${sign}`, "int32", a, b);
    return this.tape.pure("select", [a, b, this.apply(`${kind === "min" ? "lt" : "gt"}_${sign}`, "int32", a, b)]);
  }

  /** The bits of float32 values as int32, and back. */
  reinterpret(x: Node, to: "i32" | "f32"): Node {
    if (isVector(x) || x.type === to) return x;
    return this.tape.pure(to === "i32" ? "i32.reinterpret_f32" : "f32.reinterpret_i32", [x]);
  }

  /** The operations in which elementary functions are written, on vectors alone. */
  get polynomials(): Arithmetic<Node, Node, Node> {
    this.#polynomials ??= polynomialsOn(this);
    return this.#polynomials;
  }

  #polynomials: Arithmetic<Node, Node, Node> | undefined;
}

export const constantOf = (x: Node): number | undefined =>
  x.op === "i32.const" ? (x.immediates[0] as number) : undefined;

const folds = {
  add: (a: number, b: number) => a + b,
  sub: (a: number, b: number) => a - b,
  mul: Math.imul,
  and: (a: number, b: number) => a & b,
  or: (a: number, b: number) => a | b,
  xor: (a: number, b: number) => a ^ b,
} as const;

/** Every second word of two vectors, from the second on. */
const ODD_WORDS = [4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31];

/**
 * Each word an instruction on four lanes. A function of a single value takes the same instructions, so that it has the same
 * bits wherever a loop over lanes leaves off.
 */
function polynomialsOn(lanes: Lanes): Arithmetic<Node, Node, Node> {
  const { tape, relaxed } = lanes;
  const word =
    (op: Instruction) =>
    (...args: readonly Node[]): Node =>
      tape.pure(op, args);
  const shift = (name: "shl" | "shr_s" | "shr_u") => (x: Node, count: number) => lanes.shift(name, x, count);
  const select = (p: Node, yes: Node, no: Node) => lanes.select(p, yes, no, "int32");
  const same = (x: Node): Node => x;
  return {
    float: (value) => lanes.splat(lanes.constant("float32", value), "float32"),
    add: word("f32x4.add"),
    sub: word("f32x4.sub"),
    mul: word("f32x4.mul"),
    div: word("f32x4.div"),
    mulAdd: relaxed
      ? word("f32x4.relaxed_madd")
      : (a, b, c) => tape.pure("f32x4.add", [tape.pure("f32x4.mul", [a, b]), c]),
    nearest: word("f32x4.nearest"),
    bits: same,
    fromBits: same,
    toInteger: word(relaxed ? "i32x4.relaxed_trunc_f32x4_s" : "i32x4.trunc_sat_f32x4_s"),
    toFloat: word("f32x4.convert_i32x4_s"),
    integer: (value) => lanes.vector([value, value, value, value]),
    addInteger: word("i32x4.add"),
    subInteger: word("i32x4.sub"),
    mulInteger: word("i32x4.mul"),
    mulHigh: (a, b) =>
      tape.pure(
        "i8x16.shuffle",
        [tape.pure("i64x2.extmul_low_i32x4_u", [a, b]), tape.pure("i64x2.extmul_high_i32x4_u", [a, b])],
        ODD_WORDS,
      ),
    and: word("v128.and"),
    or: word("v128.or"),
    xor: word("v128.xor"),
    shiftLeft: shift("shl"),
    shiftRight: shift("shr_s"),
    shiftRightUnsigned: shift("shr_u"),
    less: word("i32x4.lt_s"),
    select,
    selectInteger: select,
    rarely(p, rare, common) {
      const result = tape.cell("v128", common);
      tape.if(tape.pure("v128.any_true", [p]), () => tape.set(result, select(p, rare(), common)), { closed: true });
      return tape.copy(result);
    },
  };
}
