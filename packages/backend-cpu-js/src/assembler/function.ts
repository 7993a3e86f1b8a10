import type { Code, Frame } from "./code.ts";
import { control } from "./instructions.ts";
import { type Namespaces, namespacesFor } from "./methods.ts";
import { type FunctionType, functionTypeText, typeCodes, type ValueType } from "./types.ts";
import {
  type Func,
  Global,
  Local,
  type Operand,
  operandText,
  type Readable,
  type Results,
  type Returned,
  type Table,
  Value,
} from "./values.ts";

/** Where a branch goes: past the end of a block, or back to the start of a loop. */
export interface Label {
  readonly types: readonly ValueType[];
  readonly frame: Frame;
  readonly name: string;
}

/** One type or a list, as blocks take them. */
export type BlockType = ValueType | readonly ValueType[];
type AsList<B extends BlockType> = B extends ValueType ? readonly [B] : Extract<B, readonly ValueType[]>;

const asList = (type: BlockType): readonly ValueType[] => (typeof type === "string" ? [type] : type);

/** The instructions of the table, as `f.f32x4.add` and so on. */
export interface FunctionBuilder extends Namespaces {}

/**
 * Writes the body of one function: instructions as formulas over locals and numbers, `f.i32.add(i, f.i32.mul(j, 4))`,
 * and structured control by callbacks.
 *
 * A value that an instruction gives lies on the stack and is used once, in the order of computation. Types, order and
 * leftovers are checked at each call, so that an error names the call that is wrong.
 */
export class FunctionBuilder {
  readonly #code: Code;
  readonly #typeIndex: (type: FunctionType) => number;

  /** `typeIndex` gives the place of a type in the module. */
  constructor(code: Code, typeIndex: (type: FunctionType) => number) {
    this.#code = code;
    this.#typeIndex = typeIndex;
    Object.assign(this, namespacesFor(code));
  }

  /** A new local, zero until it is set. */
  local<T extends ValueType>(type: T, name = `local${this.#code.locals.length}`): Local<T> {
    return this.#code.newLocal(type, name);
  }

  /** A new local that holds `value`. */
  let<T extends ValueType>(value: Readable<T>, name?: string): Local<T> {
    const local = this.local(this.#typeOf("let", [value]) as T, name);
    this.set(local, value);
    return local;
  }

  /** Reads a local or global now, where as an operand it is read by the instruction that takes it. */
  get<T extends ValueType>(source: Local<T> | Global<T>): Value<T> {
    const type = { params: [source.type], results: [source.type] };
    return this.#code.push("get", type.results, this.#code.place("get", type, [source]))[0] as Value<T>;
  }

  set<T extends ValueType>(target: Local<T> | Global<T>, value: Operand<T>): void {
    const name = target instanceof Local ? "local.set" : "global.set";
    this.#checkTarget(name, target);
    this.#write(name, { params: [target.type], results: [] }, [value], target.index);
  }

  /** Sets several locals to several values at once, such as the results of a call. */
  setAll(targets: readonly Local[], values: readonly Operand[]): void {
    const code = this.#code;
    const type = { params: targets.map((target) => target.type), results: [] };
    this.#checkCount("local.set", type, values);
    const start = code.place("local.set", type, values);
    for (const target of targets.toReversed()) {
      this.#checkTarget("local.set", target);
      code.bytes.byte(control["local.set"]);
      code.bytes.u32(target.index);
    }
    code.push("local.set", [], start);
  }

  /** Sets a local and gives the value. */
  tee<T extends ValueType>(local: Local<T>, value: Operand<T>): Value<T> {
    this.#checkTarget("local.tee", local);
    const type = { params: [local.type], results: [local.type] };
    return this.#write("local.tee", type, [value], local.index)[0] as Value<T>;
  }

  drop(value: Value): void {
    this.#write("drop", { params: [value.type], results: [] }, [value]);
  }

  /** `condition ? x : y`; both are computed. */
  select<T extends ValueType>(x: Operand<T>, y: Operand<T>, condition: Operand<"i32">): Value<T> {
    const type = this.#typeOf("select", [x, y]) as T;
    return this.#write("select", { params: [type, type, "i32"], results: [type] }, [x, y, condition])[0] as Value<T>;
  }

  /** A block. A branch to its label goes past its end. */
  block(body: (exit: Label) => unknown): void;
  block<const B extends BlockType>(results: B, body: (exit: Label) => Returned<AsList<B>>): Results<AsList<B>>;
  block(...args: [body: Body] | [results: BlockType, body: Body]): unknown {
    const [results, body] = args.length === 1 ? [[], args[0]] : [asList(args[0]), args[1]];
    const start = this.#begin("block", results);
    this.#body("block", results, results, body);
    return this.#end("block", results, start);
  }

  /** A loop, run once unless a branch to its label starts it again. */
  loop(body: (again: Label) => unknown): void;
  loop<const B extends BlockType>(results: B, body: (again: Label) => Returned<AsList<B>>): Results<AsList<B>>;
  loop(...args: [body: Body] | [results: BlockType, body: Body]): unknown {
    const [results, body] = args.length === 1 ? [[], args[0]] : [asList(args[0]), args[1]];
    const start = this.#begin("loop", results);
    this.#body("loop", results, [], body);
    return this.#end("loop", results, start);
  }

  /** Runs `then` if the condition is not 0, and `otherwise` if it is; with results, both give them. */
  if(condition: Operand<"i32">, then: (exit: Label) => unknown, otherwise?: (exit: Label) => unknown): void;
  if<const B extends BlockType>(
    results: B,
    condition: Operand<"i32">,
    then: (exit: Label) => Returned<AsList<B>>,
    otherwise: (exit: Label) => Returned<AsList<B>>,
  ): Results<AsList<B>>;
  if(...args: readonly unknown[]): unknown {
    const typed = typeof args[1] !== "function";
    const results = typed ? asList(args[0] as BlockType) : [];
    const [condition, then, otherwise] = (typed ? args.slice(1) : args) as [Operand<"i32">, Body, Body | undefined];
    const start = this.#begin("if", results, [condition]);
    this.#body("if", results, results, then);
    if (otherwise !== undefined) {
      this.#code.bytes.byte(control.else);
      this.#body("else", results, results, otherwise);
    }
    return this.#end("if", results, start);
  }

  /** Goes to `label`, with values if its block has results. */
  br(label: Label, ...values: readonly Operand[]): undefined {
    this.#leave("br", label.types, values, () => this.#code.bytes.u32(this.#depth("br", label)));
  }

  /** Goes to `label` if the condition, which is the last operand, is not 0. Values before it are given on when it is. */
  brIf(label: Label, ...operands: readonly Operand[]): readonly Value[] {
    const type: FunctionType = { params: [...label.types, "i32"], results: label.types };
    return this.#write("br_if", type, operands, this.#depth("br_if", label));
  }

  /** Goes to the label that `index`, the last operand, counts from 0, and to `otherwise` if there is none. */
  brTable(labels: readonly Label[], otherwise: Label, ...operands: readonly Operand[]): undefined {
    const odd = labels.find(({ types }) => types.join() !== otherwise.types.join());
    if (odd !== undefined)
      this.#code.refuse("E551", "br_table", "its labels take different values", {
        operands: { "one label": `(${odd.types.join(", ")})`, otherwise: `(${otherwise.types.join(", ")})` },
      });
    this.#leave("br_table", [...otherwise.types, "i32"], operands, () => {
      this.#code.bytes.u32(labels.length);
      for (const label of [...labels, otherwise]) this.#code.bytes.u32(this.#depth("br_table", label));
    });
  }

  /** Leaves the function with its results. */
  return(...values: readonly Operand[]): undefined {
    this.#leave("return", this.#code.type.results, values);
  }

  /** Stops the program with a trap. */
  unreachable(): undefined {
    this.#leave("unreachable", [], []);
  }

  call<const R extends readonly ValueType[]>(func: Func<R>, ...args: readonly Operand[]): Results<R> {
    this.#code.checkItem("call", func);
    return given(this.#write("call", func.type, args, func.index)) as Results<R>;
  }

  /** Calls the function at `index` of a table, which traps unless it has this type. */
  callIndirect<const R extends readonly ValueType[]>(
    table: Table,
    type: { readonly params: readonly ValueType[]; readonly results: R },
    args: readonly Operand[],
    index: Operand<"i32">,
  ): Results<R> {
    this.#code.checkItem("call_indirect", table);
    const whole: FunctionType = { params: [...type.params, "i32"], results: type.results };
    return given(
      this.#write("call_indirect", whole, [...args, index], this.#typeIndex(type), table.index),
    ) as Results<R>;
  }

  /** An instruction of the control table: operands, opcode, indices. */
  #write(
    name: keyof typeof control,
    type: FunctionType,
    args: readonly unknown[],
    ...indices: readonly number[]
  ): readonly Value[] {
    const code = this.#code;
    this.#checkCount(name, type, args);
    const start = code.place(name, type, args);
    code.bytes.byte(control[name]);
    for (const index of indices) code.bytes.u32(index);
    return code.push(name, type.results, start);
  }

  /** An instruction after which nothing in the block is reached. */
  #leave(name: keyof typeof control, params: readonly ValueType[], args: readonly unknown[], rest?: () => void): void {
    this.#write(name, { params, results: [] }, args);
    rest?.();
    this.#code.frame.left = name;
  }

  /** Writes the head of a block, after its condition, and gives where it begins. */
  #begin(name: "block" | "loop" | "if", results: readonly ValueType[], operands: readonly unknown[] = []): number {
    const { bytes } = this.#code;
    const start = this.#code.place(name, { params: operands.length === 0 ? [] : ["i32"], results }, operands);
    bytes.byte(control[name]);
    if (results.length > 1) bytes.s32(this.#typeIndex({ params: [], results }));
    else bytes.byte(results[0] === undefined ? 0x40 : typeCodes[results[0]]);
    return start;
  }

  #body(name: string, results: readonly ValueType[], types: readonly ValueType[], body: Body): void {
    const frame = this.#code.open();
    this.#code.close(name, results, body({ types, frame, name }));
  }

  #end(name: string, results: readonly ValueType[], start: number): unknown {
    this.#code.bytes.byte(control.end);
    return given(this.#code.push(name, results, start));
  }

  /** How many blocks out of the open one the label's block is. */
  #depth(name: string, label: Label): number {
    const { frames } = this.#code;
    const place = frames.lastIndexOf(label.frame);
    if (place < 0) this.#code.refuse("E556", name, `the ${label.name} of this label is not open here`);
    return frames.length - 1 - place;
  }

  #checkCount(name: string, type: FunctionType, args: readonly unknown[]): void {
    if (args.length !== type.params.length)
      this.#code.refuse(
        "E552",
        name,
        `it takes ${type.params.length} operands, not ${args.length}, in ${functionTypeText(type)}`,
      );
  }

  #checkTarget(name: string, target: Local | Global): void {
    if (target instanceof Global) {
      this.#code.checkItem(name, target);
      if (!target.mutable) this.#code.refuse("E559", name, `the ${target} is not mutable`);
    } else if (target.owner !== this.#code)
      this.#code.refuse("E559", name, `the local ${target.name} is of function ${target.owner.name}`);
  }

  /** The type of the first operand that has one. */
  #typeOf(name: string, operands: readonly unknown[]): ValueType {
    for (const operand of operands)
      if (operand instanceof Value || operand instanceof Local || operand instanceof Global) return operand.type;
    return this.#code.refuse("E551", name, `${operands.map(operandText).join(" or ")} has no type here`, {
      fix: "write a number as f.f32.const(1)",
    });
  }
}

type Body = (label: Label) => unknown;

const given = (values: readonly Value[]): unknown => (values.length > 1 ? values : values[0]);
