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
  readonly opcode: number;
  readonly immediate: Immediate | undefined;
  /** The number beside the immediate. */
  readonly size: number;
  /** Fewest and most arguments after the operands. */
  readonly fewest: number;
  readonly most: number;
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
    const given = args.length - params.length;
    if (given < instruction.fewest || given > instruction.most)
      this.refuse("E552", name, `it takes ${params.length + instruction.fewest} arguments, not ${args.length}`);
    const start = this.place(name, instruction, args);
    this.bytes.opcode(instruction.opcode);
    if (immediate !== undefined) {
      const at = params.length;
      this.#writeImmediate(name, immediate, instruction.size, args[at], args[at + 1]);
    }
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
    const stack = this.#stack;
    let start = this.bytes.length;
    let pending = start; // from here on lie operands that have no value to their right so far
    let moved = 0;
    let first = stack.length;
    let next = first;
    for (let i = 0; i < type.params.length; i++) {
      const arg = args[i];
      if (!(arg instanceof Value)) {
        this.#writeOperand(name, type, args, i);
        continue;
      }
      if (arg.type !== type.params[i]) this.#refuseType(name, type, args, i);
      if (first === stack.length) {
        first = next = stack.lastIndexOf(arg);
        if (first < base) this.#refusePlace(name, arg);
        start = arg.start;
      } else if (stack[next] !== arg) this.#refusePlace(name, arg);
      next++;
      const count = this.bytes.length - pending;
      if (count === 0) continue;
      if (arg.start < 0) this.#refusePlace(name, arg);
      this.bytes.moveTail(pending, arg.start + moved);
      moved += count;
      pending += count;
    }
    if (next < stack.length) this.#refusePlace(name, stack[next - 1]!);
    stack.length = first;
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

  /** Writes operand `i`, which is not on the stack: reads a local or global, or makes a constant. */
  #writeOperand(name: string, type: FunctionType, args: readonly unknown[], i: number): void {
    const [arg, wanted] = [args[i], type.params[i]!];
    if (arg instanceof Local || arg instanceof Global) {
      if (arg.type !== wanted) this.#refuseType(name, type, args, i);
      if (arg instanceof Global) this.checkItem(name, arg);
      else if (arg.owner !== this) this.#refuseOwner(name, i, arg);
      this.bytes.byte(control[arg instanceof Local ? "local.get" : "global.get"]);
      this.bytes.u32(arg.index);
      return;
    }
    if (wanted === "v128" || !(typeof arg === "number" || (typeof arg === "bigint" && wanted === "i64")))
      this.#refuseType(name, type, args, i);
    this.bytes.opcode(instructions[`${wanted}.const`][2]);
    this.#writeImmediate(name, wanted, 0, arg);
  }

  #writeImmediate(name: string, kind: Immediate, size: number, first: unknown, second?: unknown): void {
    if (first instanceof Item) this.checkItem(name, first);
    const problem = immediates[kind].write(this.bytes, size, first, second);
    if (problem !== undefined) this.refuse("E557", name, problem, { operands: { given: String(first) } });
  }

  #refuseType(name: string, type: FunctionType, args: readonly unknown[], i: number): never {
    return this.refuse("E551", name, `operand ${i + 1} has to be ${type.params[i]}, in ${functionTypeText(type)}`, {
      operands: Object.fromEntries(type.params.map((_, j) => [j + 1, operandText(args[j])])),
    });
  }

  #refuseOwner(name: string, i: number, operand: Value | Local): never {
    return this.refuse("E559", name, `operand ${i + 1} is of function ${operand.owner.name}: ${operandText(operand)}`);
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
