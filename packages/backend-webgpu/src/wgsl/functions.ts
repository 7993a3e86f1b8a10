import { type Arithmetic, type ElementaryName, elementary, elementaryOps } from "@tenon/lowering";
import { rare } from "../parts.ts";
import { floatConstant } from "./constant.ts";

/*
 * Functions that WGSL lacks, or has in a form that is too coarse or may assume NaN and infinity away. A module holds those
 * that its code calls.
 */

export const isNan = (x: string): string => `(bitcast<u32>(${x}) & 0x7fffffffu) > 0x7f800000u`;

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
  tenon_pow: () => polynomial("pow", "x", "y"),
  ...Object.fromEntries(elementaryOps.map((name) => [`tenon_${name}`, () => polynomial(name, "x")])),
};

/** The names of functions that are loaded when a kernel calls one. */
const isRare = /^tenon_(rem|[iu]32|roundb?16|mul_high)$/;

const written = new Map<string, string>();

/** The functions that some code calls, and those that they call. */
export function functionsFor(code: string): string {
  const found = new Set<string>();
  const visit = (text: string): void => {
    for (const [name] of text.matchAll(/\btenon_\w+/g)) {
      if (found.has(name)) continue;
      const write = functions[name] ?? (isRare.test(name) ? rare.now.functions[name] : undefined);
      if (write === undefined) continue;
      found.add(name);
      if (!written.has(name)) written.set(name, write());
      visit(written.get(name)!);
    }
  };
  visit(code);
  return [...found].map((name) => written.get(name)!).join("\n");
}
