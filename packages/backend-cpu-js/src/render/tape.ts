import { type InstructionName, instructions } from "../assembler/instructions.ts";
import type { ValueType } from "../assembler/types.ts";
import type { Func, Local } from "../assembler/values.ts";

export type Instruction = InstructionName;

/**
 * Something computed once, by an instruction of the assembler's table or `select(a, b, condition)`, or one of:
 * `call` of a function, `local`, which somebody else set, `get` of a cell now, `copy` of what its argument is now.
 */
export interface Node {
  readonly op: Instruction | "select" | "call" | "local" | "get" | "copy";
  readonly type: ValueType;
  readonly args: readonly Node[];
  readonly immediates: readonly (number | ArrayBufferView | readonly number[])[];
  readonly id: number;
  readonly scope: Scope;
  /** What `call`, `local` and `get` are of. */
  readonly of: Func | Local | Cell | undefined;
  /** Computed where it stands among the steps, not where it is used. */
  readonly fixed: boolean;
  /** How many operations stand between it and what is in locals, at most. */
  readonly height: number;
  uses: number;
  /** The scope of its users, undefined where they are in several. */
  usedIn: Scope | undefined;
  /** Where it is kept, once it is computed. */
  local: Local | undefined;
}

/** What is set again and again: a loop's variable, a sum. */
export interface Cell {
  readonly type: ValueType;
  readonly scope: Scope;
  local: Local | undefined;
}

export type Step =
  | Node
  | { readonly op: "set"; readonly cell: Cell; readonly value: Node }
  | {
      readonly op: "store";
      readonly instruction: Instruction;
      readonly args: readonly Node[];
      readonly immediates: readonly number[];
    }
  | { readonly op: "if"; readonly condition: Node; readonly body: Scope; readonly otherwise: Scope | undefined }
  | { readonly op: "loop"; readonly variable: Cell; readonly end: Node; readonly step: number; readonly body: Scope };

/** The steps between the braces of a loop or `if`, and the pure values that are computed among them. */
export interface Scope {
  readonly parent: Scope | undefined;
  readonly depth: number;
  readonly steps: Step[];
  readonly known: Map<string, Node>;
  /** Nothing but constants moves out. */
  readonly closed: boolean;
}

/** Beyond this, what is computed goes into a local, so that writing it does not recur deeply. */
const MAX_HEIGHT = 32;

const openScope = (parent: Scope | undefined, closed: boolean): Scope => ({
  parent,
  depth: parent === undefined ? 0 : parent.depth + 1,
  steps: [],
  known: new Map(),
  closed,
});

/**
 * A program on its way to the assembler. Equal values are computed once, and each stands in the outermost loop that has what
 * it is made of: addresses, splats and constants leave the loops that do not change them.
 */
export class Tape {
  readonly root = openScope(undefined, false);
  /** Where steps go. */
  scope = this.root;
  /** The innermost scope that values do not leave. */
  #bound = this.root;
  #made = 0;

  /** A value of an instruction without effects. */
  pure(op: Instruction | "select", args: readonly Node[], ...immediates: Node["immediates"]): Node {
    let scope = this.root;
    let key: string = op;
    for (const arg of args) {
      if (arg.scope.depth > scope.depth) scope = arg.scope;
      key += ` ${arg.id}`;
    }
    for (const n of immediates) key += Object.is(n, -0) ? " #-0" : ` #${n}`;
    let known = scope.known.get(key);
    if (args.length > 0 && scope.depth < this.#bound.depth) {
      scope = this.#bound;
      known ??= scope.known.get(key);
    }
    if (known !== undefined) return known;
    const leaf = args.length === 0 && op !== "v128.const" && op !== "memory.size";
    const type = op === "select" ? args[0]!.type : typeOf(op);
    const node = this.#node(op, type, scope, args, { immediates });
    scope.known.set(key, node);
    if (!leaf) scope.steps.push(node);
    return node;
  }

  /** A value of an instruction that reads memory, computed here. */
  read(instruction: Instruction, args: readonly Node[], ...immediates: readonly number[]): Node {
    const node = this.#node(instruction, typeOf(instruction), this.scope, args, {
      immediates,
      fixed: true,
    });
    this.scope.steps.push(node);
    return node;
  }

  /** The result of a function without effects, computed here. */
  call(of: Func, args: readonly Node[]): Node {
    const node = this.#node("call", of.type.results[0]!, this.scope, args, { of, fixed: true });
    this.scope.steps.push(node);
    return node;
  }

  /** A local that does not change while the tape runs. */
  local(of: Local): Node {
    return this.#node("local", of.type, this.root, [], { of });
  }

  cell(type: ValueType, initial: Node): Cell {
    const cell: Cell = { type, scope: this.scope, local: undefined };
    this.set(cell, initial);
    return cell;
  }

  /** What a cell holds, for use before it is set again. */
  get(of: Cell): Node {
    return this.#node("get", of.type, this.scope, [], { of });
  }

  /** What a cell holds now. */
  copy(of: Cell): Node {
    const node = this.#node("copy", of.type, this.scope, [this.get(of)], { fixed: true });
    this.scope.steps.push(node);
    return node;
  }

  set(cell: Cell, value: Node): void {
    this.#use(value, this.scope);
    this.scope.steps.push({ op: "set", cell, value });
  }

  store(instruction: Instruction, args: readonly Node[], ...immediates: readonly number[]): void {
    for (const arg of args) this.#use(arg, this.scope);
    this.scope.steps.push({ op: "store", instruction, args, immediates });
  }

  /** Runs `body` where the condition is not 0, else `otherwise`; with `closed`, nothing that they compute is computed before. */
  if(condition: Node, body: () => void, { otherwise, closed = false }: IfOptions = {}): void {
    const { scope } = this;
    this.#use(condition, scope);
    const within = (write: () => void): Scope => this.#within(openScope(scope, closed), write);
    const step = {
      op: "if",
      condition,
      body: within(body),
      otherwise: otherwise === undefined ? undefined : within(otherwise),
    } as const;
    scope.steps.push(step);
  }

  /** Runs `body` while `variable` is below `end`, and adds `step` to it each time. */
  loop(variable: Cell, end: Node, step: number, body: (value: Node) => void): void {
    const { scope } = this;
    this.#use(end, scope);
    const inner = this.#within(openScope(scope, false), () => body(this.get(variable)));
    this.#use(end, inner);
    scope.steps.push({ op: "loop", variable, end, step, body: inner });
  }

  /** Uses a value from outside of the tape, when it has run. */
  keep(node: Node): Node {
    this.#use(node, this.scope);
    return node;
  }

  #within(scope: Scope, body: () => void): Scope {
    const bound = this.#bound;
    if (scope.closed) this.#bound = scope;
    this.scope = scope;
    body();
    this.scope = scope.parent!;
    this.#bound = bound;
    return scope;
  }

  #node(
    op: Node["op"],
    type: ValueType,
    scope: Scope,
    args: readonly Node[],
    { immediates = [], of, fixed = false }: Partial<Pick<Node, "immediates" | "of" | "fixed">>,
  ): Node {
    let height = 0;
    for (const arg of args) {
      this.#use(arg, scope);
      if (!arg.fixed && arg.height >= height) height = arg.height + 1;
    }
    const tall = height > MAX_HEIGHT;
    return {
      op,
      type,
      args,
      immediates,
      id: this.#made++,
      scope,
      of,
      fixed: fixed || tall,
      height: tall ? 0 : height,
      uses: 0,
      usedIn: scope,
      local: undefined,
    };
  }

  #use(node: Node, scope: Scope): void {
    node.uses++;
    if (node.usedIn !== scope) node.usedIn = undefined;
  }
}

export interface IfOptions {
  readonly otherwise?: () => void;
  readonly closed?: boolean;
}

const typeOf = (op: Instruction): ValueType => instructions.get(op)!.result!;
