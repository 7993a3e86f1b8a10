import { TenonError } from "@tenon/ir";
import { expect, test } from "vitest";
import { run } from "./engine.test-kit.ts";
import type { FunctionBuilder, Label } from "./function.ts";
import { ModuleBuilder, type Parameters } from "./module.ts";
import type { Results, Returned } from "./values.ts";

type Numbers = Parameters<Record<"x" | "y", "i32">>;

/** What a function of two i32 gives for `x` and `y`. */
function result<const R extends Results>(
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
    const sum = f.let(f.i32.add(x, y));
    return f.i32.mul(sum, sum);
  };
  expect(result(["i32"], body, 3, 4)).toBe(49);
});

test("a loop sums, and blocks are left in the middle", () => {
  const triangular = (f: FunctionBuilder, { x }: Numbers) => {
    const sum = f.local("f64");
    f.block((exit) => {
      f.loop((again) => {
        f.brIf(exit, f.i32.eqz(x));
        f.set(sum, f.f64.add(sum, f.f64.convert_i32_s(x)));
        f.set(x, f.i32.sub(x, 1));
        f.br(again);
      });
    });
    return sum;
  };
  expect(result(["f64"], triangular, 100_000)).toBe(5_000_050_000);
});

test("if runs either side", () => {
  const sign = (f: FunctionBuilder, { x, y }: Numbers) => {
    f.if(
      x,
      () => f.set(y, f.i32.or(f.i32.shr_s(x, 31), 1)),
      () => f.set(y, 0),
    );
    return y;
  };
  expect([-7, 0, 12].map((x) => result(["i32"], sign, x, 5))).toEqual([-1, 0, 1]);
  const one = (f: FunctionBuilder, { x, y }: Numbers) => {
    f.if(f.i32.gt_s(x, y), () => f.set(x, y));
    return x;
  };
  expect([1, 9].map((x) => result(["i32"], one, x, 5))).toEqual([1, 5]);
});

test("what is given is computed where it is taken, and constants are of the wanted type", () => {
  const late = (f: FunctionBuilder, { x, y }: Numbers) => {
    const sum = f.i32.add(x, y);
    f.set(x, 40);
    return sum;
  };
  expect(result(["i32"], late, 1, 2)).toBe(42);
  expect(result(["f32"], ({ f32 }) => f32.add(1, 0.5))).toBe(1.5);
  expect(result(["i64"], ({ i64 }) => i64.mul(-3, 2n ** 40n))).toBe(-3n * 2n ** 40n);
});

/** The text of the error that the body of a function of two i32 throws. */
function refusal(body: (f: FunctionBuilder, params: Numbers) => unknown): string {
  try {
    result([], body);
  } catch (error) {
    expect(error).toBeInstanceOf(TenonError);
    return String(error);
  }
  return "nothing was refused";
}

test("operands of a wrong type or number are refused", () => {
  expect(refusal((f, { x }) => f.v128.store(x, f.i32.add(x, 1) as never, 16))).toMatchInlineSnapshot(`
    "AssemblyError E551 v128.store: an operand has to be v128.
      given: i32, result of i32.add
      at: function test"
  `);
  expect(refusal((f) => f.f32x4.add(1 as never, 2 as never))).toMatchInlineSnapshot(`
    "AssemblyError E551 f32x4.add: an operand has to be v128.
      given: the number 1
      at: function test"
  `);
  expect(refusal(({ i32 }, { x }) => (i32.add as Function).call(i32, x))).toMatchInlineSnapshot(`
    "AssemblyError E552 i32.add: it takes 2 operands, not 1.
      at: function test"
  `);
  expect(
    refusal((f, { x, y }) => f.call({ index: 0, name: "f", type: { params: [], results: [] } }, x, y)),
  ).toMatchInlineSnapshot(`
    "AssemblyError E552 call: it takes 0 operands, not 2.
      at: function test"
  `);
});

test("what is given is used once", () => {
  const used = (f: FunctionBuilder, { x }: Numbers) => {
    const sum = f.i32.add(x, 1);
    f.drop(f.i32.mul(sum, sum));
  };
  expect(refusal(used)).toMatchInlineSnapshot(`
    "AssemblyError E553 i32.mul: the i32 of i32.add has been used already.
      at: function test
      fix: keep it in a local with f.let."
  `);
});

test("a label is of no use outside its block", () => {
  const outside = (f: FunctionBuilder) => {
    let kept: Label | undefined;
    f.block((exit) => void (kept = exit));
    f.br(kept!);
  };
  expect(refusal(outside)).toMatchInlineSnapshot(`
    "AssemblyError E556 br: the block of this label is not open here.
      at: function test"
  `);
});

test("immediates and constants are checked", () => {
  const lane = (f: FunctionBuilder, { x }: Numbers) => f.drop(f.f32x4.extract_lane(f.v128.load(x), 4));
  expect(refusal(lane)).toMatchInlineSnapshot(`
    "AssemblyError E557 f32x4.extract_lane: a lane is a whole number from 0 to 3.
      given: [4]
      at: function test"
  `);
  expect(refusal((f, { x }) => f.drop(f.i32.load(x, -4)))).toMatchInlineSnapshot(`
    "AssemblyError E557 i32.load: the offset is a whole number of bytes from 0 to 2³² − 1.
      given: [-4]
      at: function test"
  `);
  expect(refusal((f, { x }) => f.set(x, 0.5))).toMatchInlineSnapshot(`
    "AssemblyError E557 i32.const: the constant is a whole number from −2³¹ to 2³² − 1.
      given: [0.5]
      at: function test"
  `);
  expect(refusal((f) => f.drop(f.i64.const(0.5)))).toMatchInlineSnapshot(`
    "AssemblyError E557 i64.const: the constant is a bigint, or a whole number.
      given: [0.5]
      at: function test"
  `);
  expect(refusal((f) => f.drop(f.v128.const(new Float32Array(3))))).toMatchInlineSnapshot(`
    "AssemblyError E557 v128.const: the constant is a typed array of 16 bytes.
      given: [a Float32Array]
      at: function test"
  `);
  expect(
    refusal((f, { x }) => f.drop(f.i8x16.shuffle(f.v128.load(x), f.v128.load(x), [1, 32]))),
  ).toMatchInlineSnapshot(`
    "AssemblyError E557 i8x16.shuffle: a lane is a whole number from 0 to 31.
      given: [[1, 32]]
      at: function test"
  `);
});
