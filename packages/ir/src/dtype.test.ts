import { expect, test } from "vitest";
import { checkDType, dtypeNames, dtypeOfCode, dtypeOfShort, dtypes } from "./dtype.ts";
import { buildModule, Fn, input, mul, spec } from "./index.ts";
import { parseModule, printModule } from "./text.ts";

test("the API says float32 where the text of the IR says f32", () => {
  const x = input(spec([2], "bfloat16"));
  const y = mul(x, x).cast("float32");
  expect([x.dtype, y.dtype]).toEqual(["bfloat16", "float32"]);
  const text = printModule(buildModule({ entries: { f: new Fn("f", [x], [y]) } }));
  expect(text).toContain("bf16[2]");
  expect(text).toContain("f32[2]");
  expect(text).not.toContain("float");
  expect(parseModule(text).functions[0]!.inputs[0]!.type.dtype).toBe("bfloat16");
});

test("names, short names and numbers of dtypes belong to one dtype each", () => {
  for (const dtype of dtypeNames) {
    expect([dtypeOfShort(dtypes[dtype].short), dtypeOfCode(dtypes[dtype].code)]).toEqual([dtype, dtype]);
  }
  expect([dtypeOfShort("float32"), dtypeOfCode(99)]).toEqual([undefined, undefined]);
});

test("a dtype that is none is answered with the one that was meant", () => {
  expect(() => checkDType("zeros", "f32")).toThrowErrorMatchingInlineSnapshot(`
    [DTypeError E201 zeros: f32 is no dtype.
      fix: did you mean float32?]
  `);
  expect(() => checkDType("zeros", "flaot32")).toThrow("did you mean float32?");
  expect(() => checkDType("zeros", 7)).toThrow("7 is no dtype");
});
