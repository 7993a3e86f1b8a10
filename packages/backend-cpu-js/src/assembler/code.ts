import type { ErrorDetails } from "@tenon/ir";
import { ByteWriter } from "./bytes.ts";
import { AssemblyError, callLine } from "./errors.ts";
import { immediates } from "./immediates.ts";
import { control, type Immediate, instructions } from "./instructions.ts";
import { type FunctionType, functionTypeText, type ValueType } from "./types.ts";
import { Global, Item, Local, operandText, Value } from "./values.ts";

/** An instruction of the table, ready to be written. */
export interface Instruction extends FunctionType {
  readonly name: string;
  readonly opcode: readonly number[];
  readonly immediate: Immediate | undefined;
  /** The number beside the immediate. */
  readonly size: number;
}

/** A block that is open: its values begin at `base` of the stack. */
export interface Frame {
  readonly base: number;
  /** The instruction that left the block for good, once there is one. */
  left: string | undefined;
}

/**
 * The bytes of one function's body, and the typed stack of what they leave.
 *
 * Instructions are written when they are called, so that values are computed in the order in which they stand in the
 * program. Locals and numbers among the operands have no bytes before that; they are put before the values to their right.
 */
export class Code {
  readonly module: object;
  readonly name: string;
  readonly type: FunctionType;
  readonly bytes = new ByteWriter();
  readonly locals: Local[] = [];
  readonly frames: Frame[] = [{ base: 0, left: undefined }];
  readonly #stack: Value[] = [];

  constructor(module: object, name: string, type: FunctionType) {
    this.module = module;
    this.name = name;
    this.type = type;
  }

  /** The block that instructions go into. */
  get frame(): Frame {
    return this.frames[this.frames.length - 1]!;
  }

  newLocal<T extends ValueType>(type: T, name: string): Local<T> {
    const local = new Local(type, name, this, this.locals.length);
    this.locals.push(local);
    return local;
  }

  /** Writes an instruction of the table. `args` are its operands and, after them, its immediates. */
  apply(instruction: Instruction, args: readonly unknown[]): Value | undefined {
    const { name, params, results, immediate } = instruction;
    const [fewest, most] = immediate === undefined ? [0, 0] : immediates[immediate].count;
    if (args.length < params.length + fewest || args.length > params.length + most)
      this.refuse("E552", name, `it takes ${params.length + fewest} arguments, not ${args.length}`);
    const start = this.place(name, instruction, args);
    for (const byte of instruction.opcode) this.bytes.byte(byte);
    if (immediate !== undefined) this.#writeImmediate(name, immediate, args.slice(params.length), instruction.size);
    if (results[0] === undefined) return void this.checkEmpty(name);
    const value = new Value(results[0], name, this, start);
    this.#stack.push(value);
    return value;
  }

  /**
   * Takes the operands of `name` off the stack, writes those that are not on it yet, and gives where their bytes begin.
   * What `args` holds beyond the parameters of `type` is left alone.
   */
  place(name: string, type: FunctionType, args: readonly unknown[]): number {
    const { left, base } = this.frame;
    if (left !== undefined)
      this.refuse("E555", name, `it is never reached, since ${left} before it leaves the block`, {
        fix: "remove it, or branch on a condition",
      });
    const count = type.params.length;
    let values = 0;
    for (let i = 0; i < count; i++) if (this.#checkOperand(name, type, args, i)) values++;

    const first = this.#stack.length - values;
    let next = first;
    for (let i = 0; i < count; i++) {
      const arg = args[i];
      if (arg instanceof Value && (next < base || this.#stack[next++] !== arg)) this.#refusePlace(name, arg);
    }

    const start = values > 0 ? this.#stack[first]!.start : this.bytes.length;
    next = first;
    let moved = 0;
    for (let i = 0; i < count; i++) {
      if (args[i] instanceof Value) {
        next++;
        continue;
      }
      const from = this.bytes.length;
      const right = this.#stack[next]; // the value to the right, before which the operand has to stand
      if (right?.start === -1) this.#refusePlace(name, right);
      this.#writeOperand(name, type.params[i]!, args[i]);
      if (right === undefined) continue;
      this.bytes.moveTail(from, right.start + moved);
      moved += this.bytes.length - from;
    }
    this.#stack.length = first;
    return start;
  }

  /** Puts the results of `name` on the stack. Without results it is a statement, before which every value is used. */
  push(name: string, results: readonly ValueType[], start: number): readonly Value[] {
    if (results.length === 0) this.checkEmpty(name);
    const values = results.map((type, i) => new Value(type, name, this, i === 0 ? start : -1));
    this.#stack.push(...values);
    return values;
  }

  /** Refuses when the open block holds values that nothing has used. */
  checkEmpty(name: string): void {
    if (this.#stack.length === this.frame.base) return;
    const unused = this.#stack[this.#stack.length - 1]!;
    this.refuse("E554", name, `nothing has used the ${unused.type} of ${unused.origin} before it`, {
      fix: "use it, keep it in a local with f.let, or f.drop it",
    });
  }

  /** Opens a block; instructions go into it until `close`. */
  open(): Frame {
    const frame: Frame = { base: this.#stack.length, left: undefined };
    this.frames.push(frame);
    return frame;
  }

  /** Ends the open block of `name`, whose body returned `returned` as its results. */
  close(name: string, results: readonly ValueType[], returned: unknown): void {
    if (results.length > 0 && (this.frame.left === undefined || returned !== undefined)) {
      const values = results.length > 1 && Array.isArray(returned) ? returned : [returned];
      if (values.length !== results.length)
        this.refuse("E552", name, `its body has to return ${results.length} results, not ${values.length}`);
      this.place(name, { params: results, results: [] }, values);
    }
    this.checkEmpty(name);
    this.frames.pop();
  }

  /** Refuses a function, global, table or segment of another module. */
  checkItem(name: string, item: Item): void {
    if (item.module !== this.module) this.refuse("E559", name, `the ${item} is of another module`);
  }

  refuse(code: string, name: string, problem: string, details: Omit<ErrorDetails, "at"> = {}): never {
    const line = callLine();
    const at = `function ${this.name}${line === undefined ? "" : ` (${line})`}`;
    throw new AssemblyError(code, name, problem, { ...details, at });
  }

  /** Whether operand `i` is on the stack; refuses it when it is of another type or function. */
  #checkOperand(name: string, type: FunctionType, args: readonly unknown[], i: number): boolean {
    const [arg, wanted] = [args[i], type.params[i]!];
    const owned = arg instanceof Value || arg instanceof Local;
    const literal = (typeof arg === "number" && wanted !== "v128") || (typeof arg === "bigint" && wanted === "i64");
    if (owned || arg instanceof Global ? arg.type !== wanted : !literal)
      this.refuse("E551", name, `operand ${i + 1} has to be ${wanted}, in ${functionTypeText(type)}`, {
        operands: Object.fromEntries(type.params.map((_, j) => [j + 1, operandText(args[j])])),
      });
    if (arg instanceof Global) this.checkItem(name, arg);
    else if (owned && arg.owner !== this)
      this.refuse("E559", name, `operand ${i + 1} is of function ${arg.owner.name}: ${operandText(arg)}`);
    return arg instanceof Value;
  }

  /** Reads a local or global, or makes a constant. */
  #writeOperand(name: string, type: ValueType, arg: unknown): void {
    if (arg instanceof Local || arg instanceof Global) {
      this.bytes.byte(control[arg instanceof Local ? "local.get" : "global.get"]);
      this.bytes.u32(arg.index);
      return;
    }
    this.bytes.byte(instructions[`${type as Exclude<ValueType, "v128">}.const`][2]);
    this.#writeImmediate(name, type, [arg], 0);
  }

  #writeImmediate(name: string, kind: Immediate, args: readonly unknown[], size: number): void {
    if (args[0] instanceof Item) this.checkItem(name, args[0]);
    const problem = immediates[kind].write(this.bytes, args, size);
    if (problem !== undefined) this.refuse("E557", name, problem, { operands: { given: args.join(", ") } });
  }

  #refusePlace(name: string, value: Value): never {
    const at = this.#stack.indexOf(value);
    const problem =
      at < 0
        ? "has been used already"
        : at < this.frame.base
          ? "is of a block around this one"
          : "is not next on the stack, which gives each value once, in the order of computation";
    this.refuse("E553", name, `the ${value.type} of ${value.origin} ${problem}`, {
      fix: "keep it in a local with f.let",
    });
  }
}
