import type { GivenValue, IndexVariable, Register, Slot, Statement, Value } from "@tenon/lowering";
import type { FunctionBuilder } from "../assembler/function.ts";
import type { ValueType } from "../assembler/types.ts";
import type { Local, Readable } from "../assembler/values.ts";
import { Lanes } from "./arithmetic.ts";
import { Body, type PerCopy, type Target } from "./body.ts";
import { Emitter } from "./emit.ts";
import { type Cell, type Node, Tape } from "./tape.ts";
import { variationOf } from "./variation.ts";

/** The value of an index variable: a number, or a local and a number on top of it. */
export type Position = number | Local<"i32"> | { readonly from: Local<"i32">; readonly plus: number };

/**
 * Renders blocks of the kernel language into a function that somebody else writes, between the loops that he opens.
 *
 * What is set in the maps is taken at the next call of `scalar` or `vector`; what a call computes stays in locals, and later
 * calls and `valueOf` read it there. The same statements may be rendered again, for other variables or given values.
 */
export class Rendering {
  /** Set by whoever opens a loop or has the scalar. */
  readonly variables = new Map<IndexVariable, Position>();
  /** Byte addresses. */
  readonly slots = new Map<Slot, Local<"i32">>();
  /** A vector in `vector`, where lanes differ. */
  readonly given = new Map<GivenValue, Local>();
  readonly #f: FunctionBuilder;
  readonly #target: Target;
  readonly #emitter: Emitter;
  readonly #values = new Map<Value, Local>();
  readonly #bound = new Map<IndexVariable, Local>();
  readonly #registers = new Map<Register, Cell>();
  /** Whether the last call was of `vector`. */
  #vectors = false;

  constructor(f: FunctionBuilder, target: Target) {
    this.#f = f;
    this.#target = target;
    this.#emitter = new Emitter(f);
  }

  /** One element at a time. */
  scalar(statements: readonly Statement[]): void {
    this.#render(statements, undefined);
  }

  /** Four consecutive values of `lanes`, the first of which the variable has. The statements have to be such that `vectorizes`. */
  vector(statements: readonly Statement[], lanes: IndexVariable): void {
    this.#render(statements, lanes);
  }

  /** What was rendered last for a value; in `vector` a vector, whether or not its lanes differ. Bools are 0 or 1, or masks of lanes. */
  valueOf(value: Value): Local {
    if (value.kind === "constant") {
      const tape = new Tape();
      const lanes = new Lanes(tape, this.#target.relaxed);
      const node = lanes.constant(value.type, value.value);
      return this.#f.let(this.#emitter.value(this.#vectors ? lanes.splat(node, value.type) : node) as Readable);
    }
    return this.#values.get(value) ?? this.given.get(value as GivenValue)!;
  }

  #render(statements: readonly Statement[], lanes: IndexVariable | undefined): void {
    const f = this.#f;
    this.#vectors = lanes !== undefined;
    const body = new Body(this.#target);
    const { tape } = body;
    for (const [slot, local] of this.slots) body.slots.set(slot, tape.local(local));
    for (const [value, local] of [...this.given, ...this.#values]) body.values.set(value, tape.local(local));
    for (const [variable, local] of this.#bound) body.variables.set(variable, tape.local(local));
    for (const [variable, position] of this.variables) body.variables.set(variable, this.#position(body, position));
    for (const [register, cell] of this.#registers) body.registers.set(register, cell);

    const run = () => body.statements(statements);
    if (lanes === undefined) run();
    else {
      const differs = <K>(map: ReadonlyMap<K, { readonly type: ValueType }>) =>
        new Set([...map].flatMap(([key, { type }]) => (type === "v128" ? [key] : [])));
      const before = {
        values: differs(this.#values),
        variables: differs(this.#bound),
        registers: differs(this.#registers),
      };
      const variation = variationOf(statements, lanes, before);
      body.within({ variable: lanes, first: single(body.variables.get(lanes)!), copies: 1, variation }, run);
    }

    // what stands at the top of the block stays, in locals that a second rendering takes again
    const results: (readonly [Local, Node])[] = [];
    const keep = <K>(map: Map<K, Local>, key: K, node: Node): void => {
      let local = map.get(key);
      if (local?.type !== node.type) map.set(key, (local = f.local(node.type)));
      results.push([local, tape.keep(node)]);
    };
    for (const s of statements) {
      if (s.kind === "let") {
        const node = single(body.values.get(s.value)!);
        keep(this.#values, s.value, this.#vectors && node.type !== "f64" ? body.lanes.splat(node, s.value.type) : node);
      } else if (s.kind === "bind") keep(this.#bound, s.variable, single(body.variables.get(s.variable)!));
      else if (s.kind === "declare") {
        const cell = single(body.registers.get(s.register)!);
        cell.local = f.local(cell.type);
        this.#registers.set(s.register, cell);
      }
    }
    this.#emitter.write(tape.root, () => {
      for (const [local, node] of results) f.set(local, this.#emitter.value(node));
    });
  }

  #position({ lanes, tape }: Body, position: Position): Node {
    if (typeof position === "number") return lanes.i32(position);
    if (!("from" in position)) return tape.local(position);
    return lanes.integer("add", tape.local(position.from), lanes.i32(position.plus));
  }
}

/** The one of a single copy. */
const single = <T>(x: PerCopy<T>): T => (Array.isArray(x) ? x[0] : x) as T;
