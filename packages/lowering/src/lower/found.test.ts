import type { Elements } from "@tenon/ir";
import { parseModule } from "@tenon/ir/text";
import { toGraph } from "@tenon/ir/to-graph";
import { verify } from "@tenon/ir/verify";
import { expect, test } from "vitest";
import { problemsInAllWays } from "./lower.test-kit.ts";

/** Problems of the last function of a module on arguments of zeros. */
function problemsOfText(text: string): readonly string[] {
  const module = verify(parseModule(`ir 1.0\nopset core@1, nn@1\n${text}\nentry main = @main\n`));
  const { inputs, results } = toGraph(module, module.entries.get("main")!);
  const args = inputs.map(({ dtype, shape }): Elements => {
    const sizes = shape as readonly number[];
    return { dtype, shape: sizes, data: new Float64Array(sizes.reduce((n, d) => n * d, 1)) };
  });
  return problemsInAllWays({ inputs, results, args });
}

// Found by the random graphs of lower.test.ts, and made smaller.

test("a loop runs that nothing is handed to", () => {
  const text = `
fn @body(%x: i32[3]) -> (i32[3]) {
  %c = constant 7 : i32[3]
  return %c
}
fn @main(%x: i32[2,3]) -> (i32[2,3], i32[2,3]) {
  %ys = scan %x {body=@body, length=2, reverse=true, kinds=[xs]} : i32[2,3]
  %i = constant [2, -1, 1] : i32[3]
  %z = gather %ys, %i {axis=1} : i32[2,3]
  return %ys, %z
}`;
  expect(problemsOfText(text)).toEqual([]);
});

test("a number that a branch is chosen by is computed before all that reads it", () => {
  const text = `
fn @left(%x: f32[3]) -> (f32[3]) {
  return %x
}
fn @right(%x: f32[3]) -> (f32[3]) {
  %y = neg %x : f32[3]
  return %y
}
fn @main(%x: f32[3]) -> (i32[], f32[3], i32[]) {
  %a = constant 1 : i32[]
  %one = barrier %a : i32[]
  %c = add %a, %one : i32[]
  %d = sub %c, %one : i32[]
  %y = cond %c, %x {fns=[@left,@right]} : f32[3]
  %e = maximum %c, %d : i32[]
  return %d, %y, %e
}`;
  expect(problemsOfText(text)).toEqual([]);
});

test("a kernel of constants that are no numbers is one that can run", () => {
  const text = `
fn @main(%x: f32[2,3]) -> (f32[2,3], f32[2,3]) {
  %nan = constant nan : f32[2,3]
  %same = barrier %nan : f32[2,3]
  %y = bitcast %same : f32[2,3]
  %z = log1p %y : f32[2,3]
  return %y, %z
}`;
  expect(problemsOfText(text)).toEqual([]);
});

test("what is read outside an axis of one element is no element of a product", () => {
  const text = `
fn @main(%x: f32[1,3], %i: i32[1]) -> (f32[1,1], f32[1,2], f32[1,1]) {
  %y = dot %x, %x {contract=[[1],[1]]} : f32[1,1]
  %next = constant [1] : i32[1]
  %a = gather %y, %next {axis=1} : f32[1,1]
  %both = iota {axis=0} : i32[2]
  %b = gather %y, %both {axis=1} : f32[1,2]
  %c = gather %y, %i {axis=1} : f32[1,1]
  return %a, %b, %c
}`;
  expect(problemsOfText(text)).toEqual([]);
});

test("a composite that is kept whole reads what is computed of places alone", () => {
  const text = `
fn @main() -> (f32[7,3]) {
  %i = iota {axis=1} : f32[7,3]
  %c = constant 1 : f32[]
  %ones = broadcast %c {dims=[]} : f32[7,3]
  %x = add %i, %ones : f32[7,3]
  %y = composite nn.softmax@1 %x : f32[7,3]
  return %y
}`;
  expect(problemsOfText(text)).toEqual([]);
});
