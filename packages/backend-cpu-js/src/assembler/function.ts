import type { ErrorDetails } from "@tenon/ir";
import { ByteWriter } from "./bytes.ts";
import { AssemblyError } from "./errors.ts";
import { writeImmediates } from "./immediates.ts";
import { type Instruction, instructions } from "./instructions.ts";
import { type Namespaces, namespacesFor } from "./methods.ts";
import type { ValueType } from "./types.ts";
import {
  Expression,
  type Func,
  Local,
  type Operand,
  operandText,
  type Readable,
  type Result,
  type Results,
} from "./values.ts";

/** Opcodes of the instructions that move control and locals. */
const control = {
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  br_if: 0x0d,
  call: 0x10,
  drop: 0x1a,
  select: 0x1b,
  "local.get": 0x20,
  "local.set": 0x21,
  "local.tee": 0x22,
} as const;
/** A block without results. */
const EMPTY = 0x40;

/** Where a branch goes: past the end of a block, or back to the start of a loop. */
export interface Label {
  readonly kind: "block" | "loop" | "if";
}

/** The instructions of the table, as `f.f32x4.add` and so on. */
export interface FunctionBuilder extends Namespaces {}

/**
 * Writes the body of one function: instructions as formulas over locals and numbers, `f.i32.add(i, f.i32.mul(j, 4))`,
 * statements that take them, and structured control by callbacks.
 *
 * What an instruction gives is computed when a statement takes it, from left to right. Instructions that give nothing are statements.
 */
export class FunctionBuilder {
  readonly name: string;
  readonly bytes = new ByteWriter();
  /** Types of the parameters and locals. */
  readonly locals: ValueType[] = [];
  readonly #open: Label[] = [];

  constructor(name: string) {
    this.name = name;
    Object.assign(this, namespacesFor(this));
  }

  /** A new local, zero until it is set. */
  local<T extends ValueType>(type: T): Local<T> {
    return new Local(type, this.locals.push(type) - 1);
  }

  /** A new local that holds `value`. */
  let<T extends ValueType>(value: Readable<T>): Local<T> {
    const local = this.local(value.type);
    this.set(local, value);
    return local;
  }

  set<T extends ValueType>(target: Local<T>, value: Operand<T>): void {
    this.#write("local.set", [target.type], undefined, [value], target.index);
  }

  /** Sets a local and gives the value. */
  tee<T extends ValueType>(target: Local<T>, value: Operand<T>): Expression<T> {
    return this.#write("local.tee", [target.type], target.type, [value], target.index) as Expression<T>;
  }

  drop(value: Expression): void {
    this.#write("drop", [value.type], undefined, [value]);
  }

  /** `condition ? x : y`; both are computed. Numbers alone are of type i32. */
  select<T extends ValueType>(x: Operand<T>, y: Operand<T>, condition: Operand<"i32">): Expression<T> {
    const [type] = [x, y].flatMap((operand) => (typeof operand === "object" ? [operand.type] : []));
    const wanted = type ?? "i32";
    return this.#write("select", [wanted, wanted, "i32"], wanted, [x, y, condition]) as Expression<T>;
  }

  /** Calls at once where the function gives nothing, else where what it gives is taken. */
  call<const R extends Results>({ index, type }: Func<R>, ...args: readonly Operand[]): Result<R> {
    return this.#write("call", type.params, type.results[0], args, index) as Result<R>;
  }

  /** A block. A branch to its label goes past its end. */
  block(body: (exit: Label) => void): void {
    this.#begin("block", body);
    this.bytes.byte(control.end);
  }

  /** A loop, run once unless a branch to its label starts it again. */
  loop(body: (again: Label) => void): void {
    this.#begin("loop", body);
    this.bytes.byte(control.end);
  }

  /** Runs `then` if the condition is not 0, and `otherwise` if it is. */
  if(condition: Operand<"i32">, then: (exit: Label) => void, otherwise?: (exit: Label) => void): void {
    this.#begin("if", then, [condition]);
    if (otherwise !== undefined) {
      this.bytes.byte(control.else);
      this.#within("if", otherwise);
    }
    this.bytes.byte(control.end);
  }

  br(label: Label): void {
    this.#write("br", [], undefined, [], this.#depth("br", label));
  }

  /** Goes to `label` if the condition is not 0. */
  brIf(label: Label, condition: Operand<"i32">): void {
    this.#write("br_if", ["i32"], undefined, [condition], this.#depth("br_if", label));
  }

  /** What an instruction of the table gives. `args` are its operands and, after them, its immediates. */
  apply(instruction: Instruction, args: readonly unknown[]): Expression | undefined {
    const { name, opcode, params, result } = instruction;
    const count = params.length;
    return this.#expression(name, params, result, args.slice(0, count) as readonly Operand[], () => {
      this.bytes.opcode(opcode);
      const given = args.slice(count);
      writeImmediates(this.bytes, instruction, given, (problem) =>
        this.#refuse("E557", name, problem, { operands: { given } }),
      );
    });
  }

  /** Ends the function with its results. */
  end(types: Results, results: readonly Operand[]): void {
    this.#expression("end", types, undefined, results, () => this.bytes.byte(control.end));
  }

  /** An instruction that is not in the table. */
  #write(
    name: keyof typeof control,
    params: readonly ValueType[],
    result: ValueType | undefined,
    operands: readonly Operand[],
    ...indices: readonly number[]
  ): Expression | undefined {
    return this.#expression(name, params, result, operands, () => this.bytes.opcode(control[name], ...indices));
  }

  /** An instruction that `write` writes after its operands: at once where it gives nothing, else where it is taken. */
  #expression(
    name: string,
    params: readonly ValueType[],
    result: ValueType | undefined,
    operands: readonly Operand[],
    write: () => void,
  ): Expression | undefined {
    if (operands.length !== params.length)
      this.#refuse("E552", name, `it takes ${params.length} operands, not ${operands.length}`);
    for (const [i, operand] of operands.entries()) this.#take(name, params[i]!, operand);
    const all = (): void => {
      for (const [i, operand] of operands.entries()) this.#operand(params[i]!, operand);
      write();
    };
    return result === undefined ? void all() : new Expression(result, name, all);
  }

  /** Checks an operand, and notes that it is used. */
  #take(name: string, type: ValueType, operand: Operand): void {
    const fits = typeof operand === "object" ? operand.type === type : type !== "v128" && operand !== undefined;
    if (!fits)
      this.#refuse("E551", name, `an operand has to be ${type}`, { operands: { given: operandText(operand) } });
    if (!(operand instanceof Expression)) return;
    if (operand.taken)
      this.#refuse("E553", name, `the ${type} of ${operand.origin} has been used already`, {
        fix: "keep it in a local with f.let",
      });
    operand.taken = true;
  }

  #operand(type: ValueType, operand: Operand): void {
    if (operand instanceof Local) this.bytes.opcode(control["local.get"], operand.index);
    else if (operand instanceof Expression) operand.write();
    else this.apply(instructions.get(`${type}.const`)!, [operand])!.write();
  }

  #begin(kind: Label["kind"], body: (label: Label) => void, operands: readonly Operand[] = []): void {
    this.#write(kind, operands.length === 0 ? [] : ["i32"], undefined, operands, EMPTY);
    this.#within(kind, body);
  }

  #within(kind: Label["kind"], body: (label: Label) => void): void {
    const label: Label = { kind };
    this.#open.push(label);
    body(label);
    this.#open.pop();
  }

  /** How many blocks out of the open one the label's block is. */
  #depth(name: string, label: Label): number {
    const place = this.#open.indexOf(label);
    if (place < 0) this.#refuse("E556", name, `the ${label.kind} of this label is not open here`);
    return this.#open.length - 1 - place;
  }

  #refuse(code: string, name: string, problem: string, details: Omit<ErrorDetails, "at"> = {}): never {
    throw new AssemblyError(code, name, problem, { ...details, at: `function ${this.name}` });
  }
}
