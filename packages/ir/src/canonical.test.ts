import { expect, test } from "vitest";
import { moduleToBinary } from "./binary.ts";
import { canonicalModule } from "./canonical.ts";
import { everySample, example, odd } from "./forms.test-kit.ts";
import { contentHash, structuralHash } from "./hash.ts";
import { parseModule, printModule } from "./text.ts";
import { verifyModule } from "./verify.ts";

const canonicalText = (text: string): string => printModule(canonicalModule(parseModule(text)));

test("what is not used is dropped, and the rest is numbered and named in the order of its use", () => {
  const text = `ir 1.0
opset acme.opt@7, core@1, nn@1
sym Unused in 1..9
sym Batch in 1..64
sym Rows in 8..512 mult 8
fn @dead(%x: f32[Unused]) -> (f32[Unused]) {
  return %x
}
fn @body(%x: f32[Rows,Batch]) -> (f32[Rows,Batch]) {
  %zero = constant x"0100c07f" : f32[1]
  %y = neg %x : f32[Rows,Batch]
  return %y
}
fn @main(%unused: i32[], %x: f32[Rows,Batch] alias 1) -> (f32[Rows,Batch], f32[Rows,Batch], f32[1]) {
  %one = constant 1.0 : f32[Rows,Batch] in "here" at "main.ts:1"
  %dead = add %x, %one : f32[Rows,Batch]
  %also = constant 1.0 : f32[Rows,Batch]
  %nan = constant x"0100c07f" : f32[1]
  %NaN = constant x"0000c07f" : f32[1]
  %b = composite acme.opt.f@3 %x {z=1, a={d=1, c=Rows}, decomp=@body} : f32[Rows,Batch]
  %c = mul %b, %also : f32[Rows,Batch]
  %d = add %c, %one : f32[Rows,Batch]
  return %d, %x, %NaN
}
entry z = @main
entry a = @main
`;
  expect(canonicalText(text)).toMatchInlineSnapshot(`
    "ir 1.0
    opset acme.opt@3, core@1
    sym s0 in 8..512 mult 8
    sym s1 in 1..64
    fn @f0(%0: f32[s0,s1]) -> (f32[s0,s1]) {
      %1 = neg %0 : f32[s0,s1]
      return %1
    }
    fn @f1(%0: i32[], %1: f32[s0,s1] alias 1) -> (f32[s0,s1], f32[s0,s1], f32[1]) {
      %2 = composite acme.opt.f@3 %1 {a={c=Rows, d=1}, z=1, decomp=@f0} : f32[s0,s1]
      %3 = constant 1.0 : f32[s0,s1]
      %4 = mul %2, %3 : f32[s0,s1]
      %5 = add %4, %3 : f32[s0,s1]
      %6 = constant [nan] : f32[1]
      return %5, %1, %6
    }
    entry a = @f1
    entry z = @f1
    "
  `);
});

test("names, order, notes, dead ops and repeated constants do not change the content hash", () => {
  const one = `ir 1.0
opset core@1
sym B in 1..64
fn @f(%x: f32[B,4], %y: f32[4]) -> (f32[B,4]) {
  %c = constant 2.0 : f32[B,4]
  %a = mul %x, %c : f32[B,4]
  %b = broadcast %y {dims=[1]} : f32[B,4]
  %d = add %a, %b : f32[B,4]
  %e = mul %d, %c : f32[B,4]
  return %e
}
entry f = @f
`;
  const other = `ir 1.0
opset nn@1, core@1
sym N in 1..64
sym B in 1..9
fn @g(%0: f32[N,4], %1: f32[4]) -> (f32[N,4]) {
  %2 = broadcast %1 {dims=[1]} : f32[N,4] in "a.b"
  %3 = exp %2 : f32[N,4]
  %4 = constant 2.0 : f32[N,4]
  %5 = constant 2.0 : f32[N,4]
  %6 = mul %0, %4 : f32[N,4]
  %7 = add %6, %2 : f32[N,4]
  %8 = mul %7, %5 : f32[N,4]
  return %8
}
entry f = @g
`;
  const hash = (text: string): string => contentHash(parseModule(text));
  expect(hash(other)).toBe(hash(one));
  for (const [from, to] of [
    ["2.0", "3.0"],
    ["1..64", "1..65"],
    ["mul %x, %c", "mul %c, %x"],
    ["entry f", "entry g"],
    ["%e = mul", "%e = add"],
    ["%x: f32[B,4]", "%x: f32[B,4] alias 0"],
  ] as const) {
    expect(hash(one.replace(from, to)), to).not.toBe(hash(one));
  }
});

test("the structural hash leaves out scalars and ranges, and nothing else", () => {
  const text = (scalar: string, top: number, op: string): string => `ir 1.0
opset acme@1, core@1
sym B in 1..${top}
fn @body(%x: f32[B]) -> (f32[B]) {
  %c = constant ${scalar} : f32[B]
  %y = ${op} %x, %c : f32[B]
  return %y
}
fn @f(%x: f32[B]) -> (f32[B]) {
  %y = composite acme.scale@1 %x {by=${scalar}, decomp=@body} : f32[B]
  %c = constant 2.0 : f32[B]
  %z = mul %y, %c : f32[B]
  return %z
}
entry f = @f
`;
  const hash = (...parts: [string, number, string]): string => structuralHash(parseModule(text(...parts)));
  expect(hash("2.0", 64, "mul")).toBe(hash("3.5", 9, "mul"));
  expect(hash("2.0", 64, "mul")).not.toBe(hash("2.0", 64, "add"));
  expect(hash("2.0", 64, "mul")).not.toBe(contentHash(parseModule(text("2.0", 64, "mul"))));
});

test("the canonical form is well-formed and its own canonical form", () => {
  for (const module of [example(), odd(), everySample()]) {
    const canonical = canonicalModule(module);
    expect(moduleToBinary(canonicalModule(canonical))).toEqual(moduleToBinary(canonical));
    expect(contentHash(canonical)).toBe(contentHash(module));
    if (verifyModule(module).length === 0) expect(verifyModule(canonical)).toEqual([]);
  }
});

test("the hash of the worked example does not change", () => {
  expect(contentHash(example())).toMatchInlineSnapshot(
    `"18d8ec9304fa0a5516bcdfe2b65d81f0bec559553e4e14a22338814c686b79b2"`,
  );
});
