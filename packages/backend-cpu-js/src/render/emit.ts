import type { FunctionBuilder } from "../assembler/function.ts";
import { type InstructionName, instructions } from "../assembler/instructions.ts";
import type { ValueType } from "../assembler/types.ts";
import type { Expression, Func, Local, Operand } from "../assembler/values.ts";
import type { Cell, Node, Scope } from "./tape.ts";

/** Writes tapes into a function. Locals are given back when nothing uses what they hold. */
export class Emitter {
  readonly #f: FunctionBuilder;
  readonly #free = new Map<ValueType, Local[]>();
  /** Locals that the open scopes hold, innermost last. */
  readonly #held: (Node | Cell)[][] = [];

  constructor(f: FunctionBuilder) {
    this.#f = f;
  }

  /** Runs `after` when everything is computed and nothing given back. */
  write(root: Scope, after: () => void = () => {}): void {
    this.#scope(root, after);
  }

  /** The value of a node that is computed, as an operand. */
  value(node: Node): Operand {
    return this.#operand(node, node.scope);
  }

  #scope(scope: Scope, after?: () => void): void {
    const f = this.#f;
    this.#held.push([]);
    for (const step of scope.steps) {
      switch (step.op) {
        case "set":
          f.set(this.#cell(step.cell), this.#operand(step.value, scope));
          break;
        case "store":
          this.#instruction(step.instruction, step.args, step.immediates, scope);
          break;
        case "if": {
          const { otherwise } = step;
          f.if(
            this.#operand(step.condition, scope) as Operand<"i32">,
            () => this.#scope(step.body),
            otherwise && (() => this.#scope(otherwise)),
          );
          break;
        }
        case "loop": {
          const variable = this.#cell(step.variable) as Local<"i32">;
          const end = (within: Scope) => this.#operand(step.end, within) as Operand<"i32">;
          f.block((exit) => {
            f.brIf(exit, f.i32.ge_s(variable, end(scope)));
            f.loop((again) => {
              this.#scope(step.body);
              f.brIf(again, f.i32.lt_s(f.tee(variable, f.i32.add(variable, step.step)), end(step.body)));
            });
          });
          break;
        }
        default:
          if (step.fixed || step.uses !== 1 || step.usedIn !== scope) this.#keep(step, scope);
      }
    }
    after?.();
    for (const { local } of this.#held.pop()!) if (local !== undefined) this.#giveBack(local);
  }

  /** Computes a node into a local. */
  #keep(node: Node, scope: Scope): void {
    if (node.uses === 0) return;
    const value = this.#compute(node, scope);
    node.local = this.#take(node.type);
    this.#f.set(node.local, value);
    this.#held[this.#held.length - 1]!.push(node);
  }

  #cell(cell: Cell): Local {
    if (cell.local === undefined) {
      cell.local = this.#take(cell.type);
      this.#held[this.#held.length - 1]!.push(cell);
    }
    return cell.local;
  }

  /** Reads a node's local, or computes it here where it has none. */
  #operand(node: Node, scope: Scope): Operand {
    if (node.op === "get") return (node.of as Cell).local!;
    if (node.op === "local") return node.of as Local;
    const { local } = node;
    if (local === undefined) return this.#compute(node, scope);
    if (--node.uses === 0 && node.scope === scope) {
      this.#giveBack(local);
      node.local = undefined;
    }
    return local;
  }

  #compute(node: Node, scope: Scope): Expression | Local {
    if (node.op === "copy") return this.#operand(node.args[0]!, scope) as Local;
    if (node.op !== "call" && node.op !== "select")
      return this.#instruction(node.op as InstructionName, node.args, node.immediates, scope)!;
    const operands = node.args.map((arg) => this.#operand(arg, scope));
    if (node.op === "call") return this.#f.call(node.of as Func<readonly [ValueType]>, ...operands);
    return this.#f.select(operands[0]!, operands[1]!, operands[2] as Operand<"i32">);
  }

  #instruction(
    op: InstructionName,
    args: readonly Node[],
    immediates: readonly unknown[],
    scope: Scope,
  ): Expression | undefined {
    const operands = args.map((arg) => this.#operand(arg, scope));
    return this.#f.apply(instructions.get(op)!, [...operands, ...immediates]);
  }

  #take(type: ValueType): Local {
    return this.#free.get(type)?.pop() ?? this.#f.local(type);
  }

  #giveBack(local: Local): void {
    const list = this.#free.get(local.type);
    if (list === undefined) this.#free.set(local.type, [local]);
    else list.push(local);
  }
}
