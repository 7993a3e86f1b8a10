import { expect, test } from "vitest";
import { add, constant, dimSymbol, input, less, scan, spec, whileLoop } from "../index.ts";

test("the number of trips of a scan is an attribute: a number or a named size, and never a tensor's value", () => {
  const zero = constant(0, []);
  const counted = scan(([h]) => [[add(h!, 1)], []], [zero], [], { length: 7 });
  expect(counted.carry[0]!.attrs.length).toBe(7);
  const B = dimSymbol("B");
  const named = scan(([h], [x]) => [[add(h!, x!)], [h!]], [zero], [input(spec([B]))]);
  expect(String(named.carry[0]!.attrs.length)).toBe("B");
  expect(named.ys[0]!.shape.map(String)).toEqual(["B"]);
  const never = { length: zero as never };
  expect(() => scan(([h]) => [[h!], []], [zero], [], never)).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 scan: length is Tensor(float32 []), which is not a size.
      x: float32 []]
  `);
});

test("a while loop without a bound on its trips needs a feature that a backend may lack", () => {
  const loop = (maxTrip?: number) =>
    whileLoop(
      ([n]) => less(n!, 5),
      ([n]) => [add(n!, 1)],
      [constant(0, [])],
      maxTrip === undefined ? {} : { maxTrip },
    )[0]!;
  const needs = (t: ReturnType<typeof loop>) => t.op.needs!(t.attrs);
  expect([needs(loop()), needs(loop(9))]).toEqual(["unbounded-while", undefined]);
});
