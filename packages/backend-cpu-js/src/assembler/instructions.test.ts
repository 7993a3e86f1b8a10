import { expect, test } from "vitest";
import { ByteWriter } from "./bytes.ts";
import type { Instruction } from "./code.ts";
import { complaint, engine } from "./engine.test-kit.ts";
import { instructionList } from "./methods.ts";
import { ModuleBuilder } from "./module.ts";

const list = instructionList();
type Methods = Readonly<Record<string, Readonly<Record<string, (...args: readonly unknown[]) => any>>>>;

/** A module with one function, which takes the operands of `instruction` as parameters and gives its result. */
function minimal({ name, params, results, immediate, size }: Instruction): Uint8Array<ArrayBuffer> {
  const m = new ModuleBuilder();
  m.memory({ initial: 1, maximum: 1, shared: true });
  m.table({ initial: 1 });
  const args = {
    memory: [8],
    lane: [size - 1],
    "memory lane": [16 / size - 1, 8],
    shuffle: [Array.from({ length: 16 }, (_, i) => size - 1 - i)],
    data: [m.passiveData(Uint8Array.of(1, 2, 3))],
    elements: [m.passiveElements([])],
    zeros: [],
    i32: [-1],
    i64: [-1n],
    f32: [0.5],
    f64: [0.5],
    v128: [new Uint8Array(16)],
  };
  const named = Object.fromEntries(params.map((type, i) => [`x${i}`, type]));
  m.func("minimal", { params: named, results }, (f, locals) => {
    const [namespace = "", ...method] = name.split(".");
    const operands = [...Object.values(locals), ...(immediate === undefined ? [] : args[immediate])];
    return (f as unknown as Methods)[namespace]![method.join("_")]!(...operands);
  });
  return m.toBytes();
}

test("the engine takes every instruction, with its operands, result and immediates", () => {
  expect(list.length).toBeGreaterThan(440);
  expect(list.filter((instruction) => !engine.validate(minimal(instruction))).map(({ name }) => name)).toEqual([]);
});

test("no two instructions have one opcode", () => {
  expect(new Set(list.map(({ opcode }) => opcode)).size).toBe(list.length);
});

/**
 * A module, built by hand, that uses the instruction wrongly: with operands of another type, or, where it has none, with
 * its result as the operand of another type's `eqz`. V8's complaint names both instructions.
 */
function mistyped({ params, results, opcode, immediate, size }: Instruction): Uint8Array<ArrayBuffer> {
  const zeros = (count: number): readonly number[] => Array(count).fill(0);
  const align = 31 - Math.clz32(size);
  const immediates = {
    memory: [align, 0],
    lane: [0],
    "memory lane": [align, 0, 0],
    shuffle: zeros(16),
    data: zeros(1 + size),
    elements: zeros(1 + size),
    zeros: zeros(size),
    i32: [0],
    i64: [0],
    f32: zeros(4),
    f64: zeros(8),
    v128: zeros(16),
  };
  const [i32, i64] = [
    [0x41, 0],
    [0x42, 0],
  ];
  const operands = params.flatMap((type) => (type === "i64" ? i32! : i64!));
  const eqz = params.length > 0 ? [] : results[0] === "i32" ? [0x50] : [0x45]; // of i64, of i32
  const code = [
    0,
    ...operands,
    ...opcodeBytes(opcode),
    ...(immediate === undefined ? [] : immediates[immediate]),
    ...eqz,
    0x0b,
  ];
  return Uint8Array.of(
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[1, 4, 1, 0x60, 0, 0], // a type: () -> ()
    ...[3, 2, 1, 0], // a function
    ...[4, 4, 1, 0x70, 0, 1], // a table
    ...[5, 4, 1, 3, 1, 1], // a shared memory
    ...[9, 4, 1, 1, 0, 0], // passive elements
    ...[12, 1, 1],
    ...[10, code.length + 2, 1, code.length, ...code],
    ...[11, 3, 1, 1, 0], // passive data
  );
}

function opcodeBytes(opcode: number): Uint8Array {
  const bytes = new ByteWriter();
  bytes.opcode(opcode);
  return bytes.toBytes();
}

/** V8 calls a few relaxed instructions by the names of an earlier draft. */
const v8Names: Readonly<Record<string, string>> = {
  "f32x4.relaxed_madd": "f32x4.qfma",
  "f32x4.relaxed_nmadd": "f32x4.qfms",
  "f64x2.relaxed_madd": "f64x2.qfma",
  "f64x2.relaxed_nmadd": "f64x2.qfms",
  "i16x8.relaxed_dot_i8x16_i7x16_s": "i16x8.dot_i8x16_i7x16_s",
  "i32x4.relaxed_dot_i8x16_i7x16_add_s": "i32x4.dot_i8x16_i7x16_add_s",
};

test("every opcode is the one that V8 knows under that name", () => {
  const withoutValues = ["data.drop", "elem.drop", "atomic.fence"]; // of which no type can be wrong
  const wrong = list.flatMap((instruction) => {
    const { name, params } = instruction;
    const text = complaint(mistyped(instruction));
    const known = v8Names[name] ?? name;
    const expected = params.length > 0 ? `failed: ${known}[0] expected type` : `found ${known} of type`;
    return text.includes(expected) || withoutValues.includes(name) ? [] : [`${name}: ${text}`];
  });
  expect(wrong).toEqual([]);
});
