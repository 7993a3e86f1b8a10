import { type Arithmetic, type ElementaryName, elementary, elementaryOps } from "@tenon/lowering";
import { integerConstant } from "@tenon/lowering/threads";
import { floatConstant } from "./constant.ts";
import { matrixFunctions } from "./matrix.ts";
import { warpgroupFunctions } from "./warpgroup.ts";

/*
 * Functions that CUDA C lacks, or has in a form that is not the kernel language's. A program holds those that its kernels call.
 */

const define = (result: string, head: string, ...body: readonly string[]): string =>
  [`TENON_INLINE ${result} ${head} {`, ...body.map((line) => `  ${line}`), "}"].join("\n");

/** `max` or `min` of floats: NaN if one is, and zeros are ordered by sign. */
function extreme(name: "max" | "min", type: "float" | "double"): string {
  const operator = name === "max" ? ">" : "<";
  return define(
    type,
    `tenon_${name}${type === "float" ? "f" : ""}(${type} a, ${type} b)`,
    "if (a != a) return a;",
    "if (b != b) return b;",
    `if (a == b) return a != 0 ? a : ${name === "max" ? "a + b" : "-(-a - b)"};`, // 0 − 0 is 0, and −0 − 0 is −0
    `return a ${operator} b ? a : b;`,
  );
}

/** Truncates, and saturates; NaN gives 0. Every float is a double, and every bound is one exactly. */
const toInt = define(
  "int",
  "tenon_to_int(double x)",
  "if (x != x) return 0;",
  "if (x >= 2147483648.0) return 2147483647;",
  "return x <= -2147483649.0 ? -2147483647 - 1 : (int)x;",
);
const toUnsigned = define(
  "unsigned",
  "tenon_to_unsigned(double x)",
  "if (!(x > 0)) return 0u;",
  "return x >= 4294967296.0 ? 0xffffffffu : (unsigned)x;",
);

/** To the nearest float16, ties to even. */
const toHalf = define(
  "unsigned short",
  "tenon_to_half(float x)",
  "const unsigned bits = tenon_bits(x);",
  "const unsigned sign = (bits >> 16) & 0x8000u;",
  "const unsigned size = bits & 0x7fffffffu;",
  "if (size > 0x7f800000u) return (unsigned short)(sign | 0x7e00u | ((size >> 13) & 0x3ffu));",
  "if (size >= 0x477ff000u) return (unsigned short)(sign | 0x7c00u);",
  // a unit of the smallest float16 is 2⁻²⁴
  "if (size < 0x38800000u) return (unsigned short)(sign | (unsigned)rintf(tenon_float(size) * 16777216.0f));",
  "return (unsigned short)(sign | ((size - 0x38000000u + 0xfffu + ((size >> 13) & 1u)) >> 13));",
);
const fromHalf = define(
  "float",
  "tenon_from_half(unsigned short h)",
  "const unsigned sign = ((unsigned)h & 0x8000u) << 16;",
  "const unsigned size = (unsigned)h & 0x7fffu;",
  "if (size >= 0x7c00u) return tenon_float(sign | 0x7f800000u | ((size & 0x3ffu) << 13));",
  "if (size < 0x400u) return tenon_float(sign | tenon_bits((float)size * 5.9604644775390625e-8f));",
  "return tenon_float(sign | ((size << 13) + 0x38000000u));",
);
const toBrain = define(
  "unsigned short",
  "tenon_to_brain(float x)",
  "const unsigned bits = tenon_bits(x);",
  "if (x != x) return (unsigned short)((bits >> 16) | 0x40u);",
  "return (unsigned short)((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);",
);
const fromBrain = define("float", "tenon_from_brain(unsigned short h)", "return tenon_float((unsigned)h << 16);");

/** What is divided by 0 may be anything, and must not trap. */
const division = (op: "div" | "rem", type: "int" | "unsigned"): string => {
  const isOdd = type === "int" ? "b == 0 || b == -1" : "b == 0u";
  const odd = op === "rem" ? `b == 0 ? a : (${type})0` : type === "int" ? "(int)(0u - (unsigned)a)" : "a";
  return define(
    type,
    `tenon_${op}_${type}(${type} a, ${type} b)`,
    `if (${isOdd}) return ${odd};`,
    `return a ${op === "div" ? "/" : "%"} b;`,
  );
};

const floorDiv = define("int", "tenon_floor_div(int a, int b)", "return (a - ((a % b + b) % b)) / b;");

/** Four elements at once where they are aligned, which a view of a part of a tensor need not be. `emulation.h` has the same. */
const four = (name: string, head: string, apart: string, together: string): string => `#ifndef TENON_PRELUDE
template <typename T>
TENON_INLINE void ${name}(${head}) {
  struct alignas(16) Four { T parts[4]; };
  if (((unsigned long long)(x + at) & 15) != 0) {
    for (int i = 0; i < 4; i++) ${apart}
  } else {
    ${together}
  }
}
#endif`;
const readFour = four(
  "tenon_read_four",
  "T* to, const T* x, int at",
  "to[i] = x[at + i];",
  "const Four four = *(const Four*)(x + at);\n    for (int i = 0; i < 4; i++) to[i] = four.parts[i];",
);
const writeFour = four(
  "tenon_write_four",
  "T* x, int at, const T* from",
  "x[at + i] = from[i];",
  "Four four;\n    for (int i = 0; i < 4; i++) four.parts[i] = from[i];\n    *(Four*)(x + at) = four;",
);

/** Writes a function as statements, each with a name. */
class Lines {
  readonly lines: string[] = [];

  let(type: "float" | "int" | "bool", text: string): string {
    const name = `t${this.lines.length}`;
    this.lines.push(`const ${type} ${name} = ${text};`);
    return name;
  }
}

/** The words of which the elementary functions are made. Shifts and products of integers wrap. */
function arithmetic(lines: Lines): Arithmetic<string, string, string> {
  const float = (text: string): string => lines.let("float", text);
  const integer = (text: string): string => lines.let("int", text);
  const operator = (name: string) => (a: string, b: string) => float(`${a} ${name} ${b}`);
  const wrapping = (name: string) => (a: string, b: string) => integer(`(int)((unsigned)${a} ${name} (unsigned)${b})`);
  return {
    float: floatConstant,
    add: operator("+"),
    sub: operator("-"),
    mul: operator("*"),
    div: operator("/"),
    mulAdd: (a, b, c) => float(`fmaf(${a}, ${b}, ${c})`),
    nearest: (a) => float(`rintf(${a})`),
    bits: (a) => integer(`(int)tenon_bits(${a})`),
    fromBits: (a) => float(`tenon_float((unsigned)${a})`),
    toInteger: (a) => integer(`tenon_to_int(${a})`),
    toFloat: (a) => float(`(float)${a}`),
    integer: integerConstant,
    addInteger: wrapping("+"),
    subInteger: wrapping("-"),
    mulInteger: wrapping("*"),
    mulHigh: (a, b) => integer(`(int)(((unsigned long long)(unsigned)${a} * (unsigned)${b}) >> 32)`),
    and: wrapping("&"),
    or: wrapping("|"),
    xor: wrapping("^"),
    shiftLeft: (a, count) => integer(`(int)((unsigned)${a} << ${count})`),
    shiftRight: (a, count) => integer(`${a} >> ${count}`),
    shiftRightUnsigned: (a, count) => integer(`(int)((unsigned)${a} >> ${count})`),
    less: (a, b) => lines.let("bool", `${a} < ${b}`),
    select: (p, yes, no) => float(`${p} ? ${yes} : ${no}`),
    selectInteger: (p, yes, no) => integer(`${p} ? ${yes} : ${no}`),
    rarely: (p, rare, common) => float(`${p} ? ${rare()} : ${common}`),
  };
}

function polynomial(name: ElementaryName, ...parameters: readonly [string, ...string[]]): string {
  const body = new Lines();
  const result = elementary(name)(arithmetic(body), ...parameters);
  const head = `tenon_${name}f(${parameters.map((p) => `float ${p}`).join(", ")})`;
  return define("float", head, ...body.lines, `return ${result};`);
}

/** By name: what writes the function. Functions of float32 are the package's polynomials, of float64 the device's. */
const functions: Readonly<Record<string, () => string>> = {
  tenon_maxf: () => extreme("max", "float"),
  tenon_minf: () => extreme("min", "float"),
  tenon_max: () => extreme("max", "double"),
  tenon_min: () => extreme("min", "double"),
  tenon_to_int: () => toInt,
  tenon_to_unsigned: () => toUnsigned,
  tenon_to_half: () => toHalf,
  tenon_from_half: () => fromHalf,
  tenon_to_brain: () => toBrain,
  tenon_from_brain: () => fromBrain,
  tenon_div_int: () => division("div", "int"),
  tenon_div_unsigned: () => division("div", "unsigned"),
  tenon_rem_int: () => division("rem", "int"),
  tenon_rem_unsigned: () => division("rem", "unsigned"),
  tenon_floor_div: () => floorDiv,
  tenon_read_four: () => readFour,
  tenon_write_four: () => writeFour,
  ...matrixFunctions,
  ...warpgroupFunctions,
  tenon_pow: () => define("double", "tenon_pow(double a, double b)", "return pow(a, b);"),
  tenon_powf: () => polynomial("pow", "x", "y"),
  ...Object.fromEntries(
    elementaryOps.flatMap((name) => [
      [`tenon_${name}f`, () => polynomial(name, "x")],
      [`tenon_${name}`, () => define("double", `tenon_${name}(double x)`, `return ${name}(x);`)],
    ]),
  ),
};

const written = new Map<string, string>();

/** The functions that some code calls, those that they call before them. */
export function functionsFor(code: string): string {
  const found: string[] = [];
  const seen = new Set<string>();
  const visit = (text: string): void => {
    for (const [name] of text.matchAll(/\btenon_\w+/g)) {
      const write = functions[name];
      if (write === undefined || seen.has(name)) continue;
      seen.add(name);
      if (!written.has(name)) written.set(name, write());
      visit(written.get(name)!);
      found.push(written.get(name)!);
    }
  };
  visit(code);
  return found.join("\n");
}
