import { TenonError } from "@tenon/ir";
import { expect, test } from "vitest";
import { run } from "./engine.test-kit.ts";
import type { FunctionBuilder } from "./function.ts";
import { ModuleBuilder, type Parameters } from "./module.ts";
import type { ValueType } from "./types.ts";
import type { Local, Returned, Value } from "./values.ts";

type Numbers = Parameters<Record<"x" | "y", "i32">>;

/** What a function of two i32 gives for `x` and `y`. */
function result<const R extends readonly ValueType[]>(
  results: R,
  body: (f: FunctionBuilder, params: Numbers) => Returned<R>,
  x = 0,
  y = 0,
): unknown {
  const m = new ModuleBuilder();
  m.memory({ initial: 1 });
  m.export("test", m.func("test", { params: { x: "i32", y: "i32" }, results }, body));
  return run(m.toBytes()).test!(x, y);
}

test("locals and numbers stand left of what is computed before they are written", () => {
  expect(result(["i32"], ({ i32 }, { x, y }) => i32.sub(x, i32.mul(y, 3)), 100, 5)).toBe(85);
  expect(result(["i32"], ({ i32 }, { x, y }) => i32.sub(i32.mul(y, 3), x), 100, 5)).toBe(-85);
  expect(result(["i32"], ({ i32 }, { x, y }) => i32.sub(i32.sub(x, 1), i32.sub(1000, i32.sub(y, x))), 7, 9)).toBe(-992);
  const select = (f: FunctionBuilder, { x, y }: Numbers) =>
    f.select(x, f.i32.add(y, 1), f.i32.lt_s(x, f.i32.add(y, 1)));
  expect(result(["i32"], select, 3, 8)).toBe(3);
  expect(result(["i32"], select, 9, 4)).toBe(5);
});

test("operands are read from left to right", () => {
  // x is read before tee changes it, and once more after.
  expect(result(["i32"], (f, { x }) => f.i32.mul(x, f.i32.add(f.tee(x, f.i32.add(x, 1)), x)), 5)).toBe(60);
});

test("a local keeps what is used twice", () => {
  const body = (f: FunctionBuilder, { x, y }: Numbers) => {
    const sum = f.let(f.i32.add(x, y), "sum");
    return f.i32.mul(sum, sum);
  };
  expect(result(["i32"], body, 3, 4)).toBe(49);
});

test("a loop sums, and blocks are left in the middle", () => {
  const triangular = (f: FunctionBuilder, { x }: Numbers) => {
    const sum = f.local("i64");
    f.block((exit) => {
      f.loop((again) => {
        f.brIf(exit, f.i32.eqz(x));
        f.set(sum, f.i64.add(sum, f.i64.extend_i32_u(x)));
        f.set(x, f.i32.sub(x, 1));
        f.br(again);
      });
    });
    return sum;
  };
  expect(result(["i64"], triangular, 100_000)).toBe(5_000_050_000n);
});

test("if gives a value from either side, and may leave the function from one", () => {
  const sign = (f: FunctionBuilder, { x }: Numbers) =>
    f.if(
      "i32",
      f.i32.eqz(x),
      () => 0,
      () => f.i32.or(f.i32.shr_s(x, 31), 1),
    );
  expect([-7, 0, 12].map((x) => result(["i32"], sign, x))).toEqual([-1, 0, 1]);
  const early = (f: FunctionBuilder, { x, y }: Numbers) => {
    f.if(f.i32.gt_s(x, y), () => f.return(x));
    return f.if(
      "i32",
      y,
      () => f.unreachable(),
      () => -1,
    );
  };
  expect(result(["i32"], early, 2, 1)).toBe(2);
  expect(result(["i32"], early)).toBe(-1);
  expect(() => result(["i32"], early, 1, 1)).toThrow("unreachable");
});

test("blocks give several values, also to a branch", () => {
  const body = (f: FunctionBuilder, { x, y }: Numbers) => {
    const [larger, smaller] = [f.local("i32"), f.local("i32")];
    const both = f.block(["i32", "i32"], (exit) => {
      f.if(f.i32.gt_s(x, y), () => f.br(exit, x, y));
      return [y, x];
    });
    f.setAll([larger, smaller], both);
    return [smaller, larger] as const;
  };
  expect(result(["i32", "i32"], body, 3, 8)).toEqual([3, 8]);
  expect(result(["i32", "i32"], body, 8, 3)).toEqual([3, 8]);
});

test("a conditional branch gives its values on when it is not taken", () => {
  const body = (f: FunctionBuilder, { x }: Numbers) =>
    f.block("i32", (exit) => {
      const [rest] = f.brIf(exit, 10, x) as [Value<"i32">];
      return f.i32.add(rest, 1);
    });
  expect([0, 1].map((x) => result(["i32"], body, x))).toEqual([11, 10]);
});

test("a table of branches goes where the index says", () => {
  const body = (f: FunctionBuilder, { x }: Numbers) => {
    f.block((two) => {
      f.block((one) => {
        f.block((zero) => f.brTable([zero, one], two, x));
        f.return(100);
      });
      f.return(200);
    });
    return 300;
  };
  expect([0, 1, 2, 3].map((x) => result(["i32"], body, x))).toEqual([100, 200, 300, 300]);
});

test("get reads a local before it changes", () => {
  const body = (f: FunctionBuilder, { x }: Numbers) => f.i32.sub(f.get(x), f.tee(x, 1));
  expect(result(["i32"], body, 5)).toBe(4);
});

/** The text of the error that `body` throws, without the line of this file. */
function errorText(body: () => unknown): string {
  try {
    body();
  } catch (error) {
    expect(error).toBeInstanceOf(TenonError);
    return String(error).replace(/function\.test\.ts:\d+/, "function.test.ts:…");
  }
  return "nothing was refused";
}

/** The same for the body of a function of two i32. */
const refusal = (body: (f: FunctionBuilder, params: Numbers) => unknown) => errorText(() => result([], body));

test("an error names the call that is wrong, by its line", () => {
  let thrown: unknown;
  let before = "";
  try {
    result(["i32"], ({ i32, f32 }, { x }) => {
      const value = f32.convert_i32_s(x);
      before = new Error().stack!;
      return i32.add(x, value as never);
    });
  } catch (error) {
    thrown = error;
  }
  const line = Number(/function\.test\.ts:(\d+)/.exec(before)![1]);
  expect(String(thrown)).toBe(`AssemblyError E551 i32.add: operand 2 has to be i32, in (i32, i32) -> (i32).
  1: i32, local x
  2: f32, result of f32.convert_i32_s
  at: function test (function.test.ts:${line + 1})`);
});

test("operands of a wrong type are refused", () => {
  expect(refusal((f, { x }) => f.v128.store(x, f.i32.add(x, 1) as never, 16))).toMatchInlineSnapshot(`
    "AssemblyError E551 v128.store: operand 2 has to be v128, in (i32, v128) -> ().
      1: i32, local x
      2: i32, result of i32.add
      at: function test (function.test.ts:…)"
  `);
  expect(refusal((f) => f.drop(f.f32x4.add(1 as never, 2 as never)))).toMatchInlineSnapshot(`
    "AssemblyError E551 f32x4.add: operand 1 has to be v128, in (v128, v128) -> (v128).
      1: the number 1
      2: the number 2
      at: function test (function.test.ts:…)"
  `);
  expect(refusal((f, { x }) => f.set(x, 1n as never))).toMatchInlineSnapshot(`
    "AssemblyError E551 local.set: operand 1 has to be i32, in (i32) -> ().
      1: the bigint 1
      at: function test (function.test.ts:…)"
  `);
  expect(refusal((f) => f.drop(f.select(1, 2, 3)))).toMatchInlineSnapshot(`
    "AssemblyError E551 select: the number 1 or the number 2 has no type here.
      at: function test (function.test.ts:…)
      fix: write a number as f.f32.const(1)."
  `);
});

test("too few and too many operands are refused", () => {
  expect(refusal(({ i32 }, { x }) => (i32.add as Function)(x))).toMatchInlineSnapshot(`
    "AssemblyError E552 i32.add: it takes 2 arguments, not 1.
      at: function test (function.test.ts:…)"
  `);
  expect(refusal(({ f32x4, v128 }, { x }) => (f32x4.extract_lane as Function)(v128.load(x)))).toMatchInlineSnapshot(`
    "AssemblyError E552 f32x4.extract_lane: it takes 2 arguments, not 1.
      at: function test (function.test.ts:…)"
  `);
  expect(refusal((f) => f.block((exit) => f.br(exit, 1)))).toMatchInlineSnapshot(`
    "AssemblyError E552 br: it takes 0 operands, not 1, in () -> ().
      at: function test (function.test.ts:…)"
  `);
  expect(refusal((f) => f.drop(f.block(["i32", "f32"], () => [1] as never)[0]))).toMatchInlineSnapshot(`
    "AssemblyError E552 block: its body has to return 2 results, not 1.
      at: function test (function.test.ts:…)"
  `);
});

test("a value is used once, in order, and in its own block", () => {
  const used = (f: FunctionBuilder, { x }: Numbers) => {
    const sum = f.i32.add(x, 1);
    f.drop(f.i32.mul(sum, sum));
  };
  expect(refusal(used)).toMatchInlineSnapshot(`
    "AssemblyError E553 i32.mul: the i32 of i32.add is not next on the stack, which gives each value once, in the order of computation.
      at: function test (function.test.ts:…)
      fix: keep it in a local with f.let."
  `);
  const swapped = ({ i32 }: FunctionBuilder, { x }: Numbers) => {
    const [a, b] = [i32.add(x, 1), i32.add(x, 2)];
    i32.store(b, a);
  };
  expect(refusal(swapped)).toMatchInlineSnapshot(`
    "AssemblyError E553 i32.store: the i32 of i32.add is not next on the stack, which gives each value once, in the order of computation.
      at: function test (function.test.ts:…)
      fix: keep it in a local with f.let."
  `);
  const outside = (f: FunctionBuilder, { x }: Numbers) => {
    const a = f.i32.add(x, 1);
    f.block(() => f.drop(a));
  };
  expect(refusal(outside)).toMatchInlineSnapshot(`
    "AssemblyError E553 drop: the i32 of i32.add is of a block around this one.
      at: function test (function.test.ts:…)
      fix: keep it in a local with f.let."
  `);
  const between = (f: FunctionBuilder, { x }: Numbers) => {
    const [, second] = f.block(["i32", "i32"], () => [1, 2]);
    f.i32.store(x, second);
  };
  expect(refusal(between)).toMatchInlineSnapshot(`
    "AssemblyError E553 i32.store: the i32 of block is not next on the stack, which gives each value once, in the order of computation.
      at: function test (function.test.ts:…)
      fix: keep it in a local with f.let."
  `);
});

test("a value that nothing uses is refused at the next statement, and at the end of its block", () => {
  const forgotten = (f: FunctionBuilder, { x, y }: Numbers) => {
    f.i32.add(x, y);
    f.set(x, 1);
  };
  expect(refusal(forgotten)).toMatchInlineSnapshot(`
    "AssemblyError E554 local.set: nothing has used the i32 of i32.add before it.
      at: function test (function.test.ts:…)
      fix: use it, keep it in a local with f.let, or f.drop it."
  `);
  expect(refusal((f, { x }) => f.loop(() => void f.i32.load(x)))).toMatchInlineSnapshot(`
    "AssemblyError E554 loop: nothing has used the i32 of i32.load before it.
      at: function test (function.test.ts:…)
      fix: use it, keep it in a local with f.let, or f.drop it."
  `);
  expect(refusal((f, { x }) => f.i32.load(x))).toMatchInlineSnapshot(`
    "AssemblyError E554 end of test: nothing has used the i32 of i32.load before it.
      at: function test (function.test.ts:…)
      fix: use it, keep it in a local with f.let, or f.drop it."
  `);
});

test("code that is never reached is refused", () => {
  const dead = (f: FunctionBuilder, { x }: Numbers) => {
    f.loop((again) => {
      f.br(again);
      f.set(x, 1);
    });
  };
  expect(refusal(dead)).toMatchInlineSnapshot(`
    "AssemblyError E555 local.set: it is never reached, since br before it leaves the block.
      at: function test (function.test.ts:…)
      fix: remove it, or branch on a condition."
  `);
});

test("a label is of no use outside its block", () => {
  const outside = (f: FunctionBuilder) => {
    let kept: Parameters<{}> | undefined;
    f.block((exit) => {
      kept = exit as never;
    });
    f.br(kept as never);
  };
  expect(refusal(outside)).toMatchInlineSnapshot(`
    "AssemblyError E556 br: the block of this label is not open here.
      at: function test (function.test.ts:…)"
  `);
  const different = (f: FunctionBuilder) =>
    f.block("i32", (one) => {
      f.block((two) => f.brTable([one], two, 0));
      return 1;
    });
  expect(refusal(different)).toMatchInlineSnapshot(`
    "AssemblyError E551 br_table: its labels take different values.
      one label: (i32)
      otherwise: ()
      at: function test (function.test.ts:…)"
  `);
});

test("immediates and constants are checked", () => {
  expect(refusal((f, { x }) => f.drop(f.f32x4.extract_lane(f.v128.load(x), 4)))).toMatchInlineSnapshot(`
    "AssemblyError E557 f32x4.extract_lane: the lane is a whole number from 0 to 3.
      given: 4
      at: function test (function.test.ts:…)"
  `);
  expect(refusal((f, { x }) => f.drop(f.i32.load(x, -4)))).toMatchInlineSnapshot(`
    "AssemblyError E557 i32.load: the offset is a whole number of bytes from 0 to 2³² − 1.
      given: -4
      at: function test (function.test.ts:…)"
  `);
  expect(refusal((f, { x }) => f.set(x, 0.5))).toMatchInlineSnapshot(`
    "AssemblyError E557 local.set: the constant is a whole number from −2³¹ to 2³² − 1.
      given: 0.5
      at: function test (function.test.ts:…)"
  `);
  expect(refusal((f) => f.drop(f.i64.const(2 ** 53)))).toMatchInlineSnapshot(`
    "AssemblyError E557 i64.const: the constant is a bigint from −2⁶³ to 2⁶⁴ − 1, or a number below 2⁵³.
      given: 9007199254740992
      at: function test (function.test.ts:…)"
  `);
  expect(refusal((f) => f.drop(f.v128.const(new Float32Array(3))))).toMatchInlineSnapshot(`
    "AssemblyError E557 v128.const: the constant is a typed array of 16 bytes.
      given: 0,0,0
      at: function test (function.test.ts:…)"
  `);
  expect(refusal((f, { x }) => f.drop(f.i8x16.shuffle(f.v128.load(x), f.v128.load(x), [1, 2])))).toMatchInlineSnapshot(`
    "AssemblyError E557 i8x16.shuffle: the lanes are 16 whole numbers from 0 to 31.
      given: 1,2
      at: function test (function.test.ts:…)"
  `);
});

test("locals of another function are refused, and so are parts of another module, and constant globals", () => {
  let foreign: Local<"i32"> | undefined;
  const m = new ModuleBuilder();
  const [one, table, data] = [m.global("one", "i32", 1), m.table({ initial: 1 }), m.passiveData(new Uint8Array(1))];
  const other = m.func("other", { params: { k: "i32" } }, (_, { k }) => void (foreign = k));
  expect(refusal((f, { x }) => f.set(x, foreign!))).toMatchInlineSnapshot(`
    "AssemblyError E559 local.set: operand 1 is of function other: i32, local k.
      at: function test (function.test.ts:…)"
  `);
  expect(refusal((f) => f.set(foreign!, 1))).toMatchInlineSnapshot(`
    "AssemblyError E559 local.set: the local k is of function other.
      at: function test (function.test.ts:…)"
  `);
  expect(refusal((f, { x }) => f.set(x, one))).toMatchInlineSnapshot(`
    "AssemblyError E559 local.set: the global one is of another module.
      at: function test (function.test.ts:…)"
  `);
  expect(refusal((f) => f.call(other, 1))).toMatchInlineSnapshot(`
    "AssemblyError E559 call: the function other is of another module.
      at: function test (function.test.ts:…)"
  `);
  expect(refusal((f) => f.callIndirect(table, other.type, [1], 0))).toMatchInlineSnapshot(`
    "AssemblyError E559 call_indirect: the table is of another module.
      at: function test (function.test.ts:…)"
  `);
  expect(refusal((f) => f.memory.init(0, 0, 1, data))).toMatchInlineSnapshot(`
    "AssemblyError E559 memory.init: the data segment is of another module.
      at: function test (function.test.ts:…)"
  `);
  const constant = () => m.func("late", { params: {} }, (f) => f.set(one, 2));
  expect(errorText(constant)).toMatchInlineSnapshot(`
    "AssemblyError E559 global.set: the global one is not mutable.
      at: function late (function.test.ts:…)"
  `);
});
