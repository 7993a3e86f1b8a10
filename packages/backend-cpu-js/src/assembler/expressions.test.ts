import fc from "fast-check";
import { test } from "vitest";
import { run } from "./engine.test-kit.ts";
import type { FunctionBuilder } from "./function.ts";
import { ModuleBuilder } from "./module.ts";
import type { Local, Operand } from "./values.ts";

/** A formula over 32-bit integers and three locals; its leaves stand anywhere among what is computed. */
type Formula =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "local"; readonly local: number }
  | { readonly kind: "tee"; readonly local: number; readonly of: readonly [Formula] }
  | { readonly kind: "add" | "sub" | "mul" | "shl"; readonly of: readonly [Formula, Formula] }
  | { readonly kind: "select"; readonly of: readonly [Formula, Formula, Formula] };

const LOCALS = 3;

const { formula } = fc.letrec<{ formula: Formula }>((tie) => {
  const local = fc.nat(LOCALS - 1);
  const part = tie("formula");
  return {
    formula: fc.oneof(
      { depthSize: "medium", withCrossShrink: true },
      fc.record({ kind: fc.constant("local"), local }),
      fc.record({ kind: fc.constant("number"), value: fc.integer() }),
      fc.record({ kind: fc.constant("tee"), local, of: fc.tuple(part) }),
      fc.record({ kind: fc.constantFrom("add", "sub", "mul", "shl"), of: fc.tuple(part, part) }),
      fc.record({ kind: fc.constant("select"), of: fc.tuple(part, part, part) }),
    ),
  };
});

/** What the formula is, with JavaScript's order of evaluation: from left to right. */
function evaluate(formula: Formula, locals: number[]): number {
  const at = (part: Formula) => evaluate(part, locals);
  switch (formula.kind) {
    case "number":
      return formula.value;
    case "local":
      return locals[formula.local]!;
    case "tee":
      return (locals[formula.local] = at(formula.of[0]));
    case "add":
      return (at(formula.of[0]) + at(formula.of[1])) | 0;
    case "sub":
      return (at(formula.of[0]) - at(formula.of[1])) | 0;
    case "mul":
      return Math.imul(at(formula.of[0]), at(formula.of[1]));
    case "shl":
      return at(formula.of[0]) << at(formula.of[1]);
    case "select": {
      const [x, y, condition] = formula.of.map(at);
      return condition !== 0 ? x! : y!;
    }
  }
}

/** The same, written: leaves as locals and numbers. */
function write(formula: Formula, f: FunctionBuilder, locals: readonly Local<"i32">[]): Operand<"i32"> {
  const at = (part: Formula) => write(part, f, locals);
  switch (formula.kind) {
    case "number":
      return formula.value;
    case "local":
      return locals[formula.local]!;
    case "tee":
      return f.tee(locals[formula.local]!, at(formula.of[0]));
    case "select": {
      const [x, y, condition] = formula.of;
      return f.select(at(x), at(y), at(condition));
    }
    default:
      return f.i32[formula.kind](at(formula.of[0]), at(formula.of[1]));
  }
}

/** A number is no operand of `let`. */
const typed = (f: FunctionBuilder, x: Operand<"i32">) => (typeof x === "number" ? f.i32.const(x) : x);

test("a formula computes what it says, from left to right, wherever locals and numbers stand in it", () => {
  fc.assert(
    fc.property(formula, fc.tuple(fc.integer(), fc.integer(), fc.integer()), (formula, start) => {
      const m = new ModuleBuilder();
      m.export("memory", m.memory({ initial: 1 }));
      const params = { x: "i32", y: "i32", z: "i32" } as const;
      const func = m.func("formula", { params, results: ["i32"] }, (f, { x, y, z }) => {
        const result = f.let(typed(f, write(formula, f, [x, y, z])));
        for (const [i, local] of [x, y, z].entries()) f.i32.store(0, local, 4 * i);
        return result;
      });
      m.export("formula", func);
      const locals: number[] = [...start];
      const expected = evaluate(formula, locals);
      const exports = run<any>(m.toBytes());
      return (
        exports.formula(...start) === expected && String(new Int32Array(exports.memory.buffer, 0, 3)) === String(locals)
      );
    }),
    { numRuns: 500 },
  );
});
