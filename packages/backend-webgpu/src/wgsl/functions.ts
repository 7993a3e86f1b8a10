import { type Arithmetic, type ElementaryName, elementary, elementaryOps } from "@tenon/lowering";
import { floatConstant } from "./constant.ts";

/*
 * Functions that WGSL lacks, or has in a form that is too coarse or may assume NaN and infinity away. A module holds those
 * that its code calls.
 */

const isNan = (x: string): string => `(bitcast<u32>(${x}) & 0x7fffffffu) > 0x7f800000u`;

/** `max` or `min` of floats: NaN if one is, and zeros are ordered by sign. */
const extreme = (name: "max" | "min"): string => {
  const zeros = name === "max" ? "&" : "|";
  return `fn tenon_${name}(a: f32, b: f32) -> f32 {
  if (${isNan("a")}) { return a; }
  if (${isNan("b")}) { return b; }
  if (a == b) { return bitcast<f32>(bitcast<u32>(a) ${zeros} bitcast<u32>(b)); }
  return select(b, a, a ${name === "max" ? ">" : "<"} b);
}`;
};

/** The remainder with the sign of the dividend, exactly: one bit of the quotient at a time where it is large. */
const remainder = `fn tenon_rem(a: f32, b: f32) -> f32 {
  let n = bitcast<u32>(a) & 0x7fffffffu;
  let d = bitcast<u32>(b) & 0x7fffffffu;
  if (n >= 0x7f800000u || d > 0x7f800000u || d == 0u) { return bitcast<f32>(bitcast<u32>(a) | 0x7fc00000u); }
  if (n < d) { return a; }
  var shift = select(0u, countLeadingZeros(n) - 8u, n < 0x800000u);
  var e = select(i32(n >> 23u), 1 - i32(shift), n < 0x800000u);
  var r = select((n & 0x7fffffu) | 0x800000u, n << shift, n < 0x800000u);
  shift = select(0u, countLeadingZeros(d) - 8u, d < 0x800000u);
  let last = select(i32(d >> 23u), 1 - i32(shift), d < 0x800000u);
  let q = select((d & 0x7fffffu) | 0x800000u, d << shift, d < 0x800000u);
  for (; e > last; e--) {
    if (r >= q) { r -= q; }
    r <<= 1u;
  }
  if (r >= q) { r -= q; }
  let sign = bitcast<u32>(a) & 0x80000000u;
  if (r == 0u) { return bitcast<f32>(sign); }
  shift = countLeadingZeros(r) - 8u;
  r <<= shift;
  e -= i32(shift);
  let bits = select(r >> u32(1 - min(e, 1)), (r & 0x7fffffu) | (u32(max(e, 0)) << 23u), e >= 1);
  return bitcast<f32>(bits | sign);
}`;

/** Truncates, and saturates; NaN gives 0. */
const toInt = `fn tenon_i32(x: f32) -> i32 {
  if (${isNan("x")}) { return 0; }
  if (x >= 2147483648.0f) { return 2147483647; }
  if (x <= -2147483648.0f) { return -2147483647 - 1; }
  return i32(x);
}`;
const toUint = `fn tenon_u32(x: f32) -> u32 {
  if (${isNan("x")} || x <= 0.0f) { return 0u; }
  if (x >= 4294967296.0f) { return 0xffffffffu; }
  return u32(x);
}`;

/** To the nearest float16 or bfloat16, ties to even, as the bits of a float32. */
const roundHalf = `fn tenon_round16(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  let sign = bits & 0x80000000u;
  let size = bits & 0x7fffffffu;
  if (size >= 0x7f800000u) { return x; }
  if (size >= 0x477ff000u) { return bitcast<f32>(sign | tenon_infinity); }
  if (size < 0x38800000u) {
    let units = round(bitcast<f32>(size) * 16777216.0f);
    return bitcast<f32>(sign | bitcast<u32>(units * 5.9604644775390625e-8f));
  }
  return bitcast<f32>(sign | ((size + 0xfffu + ((size >> 13u) & 1u)) & 0xffffe000u));
}`;
const roundBrain = `fn tenon_roundb16(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  if (${isNan("x")}) { return x; }
  return bitcast<f32>((bits + 0x7fffu + ((bits >> 16u) & 1u)) & 0xffff0000u);
}`;

/** Bits that are no constant for the compiler, so that it does not refuse infinity. */
const infinity = "var<private> tenon_infinity: u32 = 0x7f800000u;";
const fromBits = `var<private> tenon_no_bits: u32 = 0u;
fn tenon_float(bits: u32) -> f32 { return bitcast<f32>(bits | tenon_no_bits); }`;

/** Writes a function as statements, each with a name. */
class Lines {
  readonly #lines: string[] = [];

  let(type: "f32" | "i32" | "bool", text: string): string {
    const name = `t${this.#lines.length}`;
    this.#lines.push(`  let ${name}: ${type} = ${text};`);
    return name;
  }

  /** The function that gives `result`. */
  function(name: string, parameters: readonly string[], result: string): string {
    const head = `fn ${name}(${parameters.map((p) => `${p}: f32`).join(", ")}) -> f32 {`;
    return [head, ...this.#lines, `  return ${result};`, "}"].join("\n");
  }
}

/** The words of which the elementary functions are made. */
function arithmetic(lines: Lines): Arithmetic<string, string, string> {
  const float = (text: string): string => lines.let("f32", text);
  const integer = (text: string): string => lines.let("i32", text);
  const operator = (name: string, make: typeof float) => (a: string, b: string) => make(`${a} ${name} ${b}`);
  return {
    float: floatConstant,
    add: operator("+", float),
    sub: operator("-", float),
    mul: operator("*", float),
    div: operator("/", float),
    mulAdd: (a, b, c) => float(`fma(${a}, ${b}, ${c})`),
    nearest: (a) => float(`round(${a})`),
    bits: (a) => integer(`bitcast<i32>(${a})`),
    fromBits: (a) => float(`bitcast<f32>(${a})`),
    toInteger: (a) => integer(`i32(${a})`),
    toFloat: (a) => float(`f32(${a})`),
    integer: (value) => (value === -(2 ** 31) ? "(-2147483647 - 1)" : `(${value})`),
    addInteger: operator("+", integer),
    subInteger: operator("-", integer),
    mulInteger: operator("*", integer),
    mulHigh: (a, b) => integer(`tenon_mul_high(${a}, ${b})`),
    and: operator("&", integer),
    or: operator("|", integer),
    xor: operator("^", integer),
    shiftLeft: (a, count) => integer(`${a} << ${count}u`),
    shiftRight: (a, count) => integer(`${a} >> ${count}u`),
    shiftRightUnsigned: (a, count) => integer(`i32(u32(${a}) >> ${count}u)`),
    less: (a, b) => lines.let("bool", `${a} < ${b}`),
    select: (p, yes, no) => float(`select(${no}, ${yes}, ${p})`),
    selectInteger: (p, yes, no) => integer(`select(${no}, ${yes}, ${p})`),
    rarely: (p, rare, common) => float(`select(${common}, ${rare()}, ${p})`),
  };
}

const mulHigh = `fn tenon_mul_high(a: i32, b: i32) -> i32 {
  let x = bitcast<u32>(a);
  let y = bitcast<u32>(b);
  let low = (x & 0xffffu) * (y & 0xffffu);
  let one = (x >> 16u) * (y & 0xffffu) + (low >> 16u);
  let other = (x & 0xffffu) * (y >> 16u) + (one & 0xffffu);
  return bitcast<i32>((x >> 16u) * (y >> 16u) + (one >> 16u) + (other >> 16u));
}`;

function polynomial(name: ElementaryName, ...parameters: readonly [string, ...string[]]): string {
  const lines = new Lines();
  const result = elementary(name)(arithmetic(lines), ...parameters);
  return lines.function(`tenon_${name}`, parameters, result);
}

/** By name: what writes the function, and what it calls. */
const functions: Readonly<Record<string, () => string>> = {
  tenon_infinity: () => infinity,
  tenon_float: () => fromBits,
  tenon_max: () => extreme("max"),
  tenon_min: () => extreme("min"),
  tenon_rem: () => remainder,
  tenon_i32: () => toInt,
  tenon_u32: () => toUint,
  tenon_round16: () => roundHalf,
  tenon_roundb16: () => roundBrain,
  tenon_mul_high: () => mulHigh,
  tenon_pow: () => polynomial("pow", "x", "y"),
  ...Object.fromEntries(elementaryOps.map((name) => [`tenon_${name}`, () => polynomial(name, "x")])),
};

const written = new Map<string, string>();

/** The functions that some code calls, and those that they call. */
export function functionsFor(code: string): string {
  const found = new Set<string>();
  const visit = (text: string): void => {
    for (const [name] of text.matchAll(/\btenon_\w+/g)) {
      if (found.has(name)) continue;
      const write = functions[name];
      if (write === undefined) continue;
      found.add(name);
      if (!written.has(name)) written.set(name, write());
      visit(written.get(name)!);
    }
  };
  visit(code);
  return [...found].map((name) => written.get(name)!).join("\n");
}
