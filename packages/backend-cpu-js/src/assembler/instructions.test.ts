import { expect, test } from "vitest";
import { ByteWriter } from "./bytes.ts";
import { complaint, engine } from "./engine.test-kit.ts";
import { type Instruction, instructions } from "./instructions.ts";
import { ModuleBuilder } from "./module.ts";

const list = [...instructions.values()];
type Methods = Readonly<Record<string, Readonly<Record<string, (...args: readonly unknown[]) => any>>>>;

/** A module with one function, which takes the operands of `instruction` as parameters and gives its result. */
function minimal({ name, params, result, immediate, bytes, namespace }: Instruction): Uint8Array<ArrayBuffer> {
  const m = new ModuleBuilder();
  m.memory({ initial: 1, maximum: 1, shared: true });
  const args = {
    memory: [8],
    lane: [Number(namespace.at(-1)) - 1],
    "memory lane": [16 / bytes - 1, 8],
    shuffle: [Array.from({ length: 16 }, (_, i) => 31 - i)],
    zero: [],
    zeros: [],
    i32: [-1],
    i64: [-1n],
    f32: [0.5],
    f64: [0.5],
    v128: [new Uint8Array(16)],
  };
  const named = Object.fromEntries(params.map((type, i) => [`x${i}`, type]));
  m.func("minimal", { params: named, results: result === undefined ? [] : [result] }, (f, locals) => {
    const [namespace = "", ...method] = name.split(".");
    const operands = [...Object.values(locals), ...(immediate === undefined ? [] : args[immediate])];
    return (f as unknown as Methods)[namespace]![method.join("_")]!(...operands);
  });
  return m.toBytes();
}

test("the engine takes every instruction, with its operands, result and immediates", () => {
  expect(list.length).toBeGreaterThan(180);
  expect(list.filter((instruction) => !engine.validate(minimal(instruction))).map(({ name }) => name)).toEqual([]);
});

test("no two instructions have one opcode", () => {
  expect(new Set(list.map(({ opcode }) => opcode)).size).toBe(list.length);
});

/**
 * A module, built by hand, that uses the instruction wrongly: with operands of another type, or, where it has none, with
 * its result as the operand of another type's `eqz`. V8's complaint names both instructions.
 */
function mistyped({ params, result, opcode, immediate, bytes }: Instruction): Uint8Array<ArrayBuffer> {
  const zeros = (count: number): readonly number[] => Array(count).fill(0);
  const align = Math.log2(bytes);
  const immediates = {
    memory: [align, 0],
    lane: [0],
    "memory lane": [align, 0, 0],
    shuffle: zeros(16),
    zero: zeros(1),
    zeros: zeros(2),
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
  const eqz = params.length > 0 ? [] : result === "i32" ? [0x50] : [0x45]; // of i64, of i32
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
    ...[5, 4, 1, 3, 1, 1], // a shared memory
    ...[10, code.length + 2, 1, code.length, ...code],
  );
}

function opcodeBytes(opcode: number): Uint8Array {
  const bytes = new ByteWriter();
  bytes.opcode(opcode);
  return bytes.toBytes();
}

/** V8 calls a few relaxed instructions by the names of an earlier draft. */
const v8Names: Readonly<Record<string, string>> = { "f32x4.relaxed_madd": "f32x4.qfma" };

test("every opcode is the one that V8 knows under that name", () => {
  const wrong = list.flatMap((instruction) => {
    const { name, params } = instruction;
    const text = complaint(mistyped(instruction));
    const known = v8Names[name] ?? name;
    const expected = params.length > 0 ? `failed: ${known}[0] expected type` : `found ${known} of type`;
    return text.includes(expected) ? [] : [`${name}: ${text}`];
  });
  expect(wrong).toEqual([]);
});

test("instructions move as many bytes as their names say", () => {
  const bytes = [
    "i32.load",
    "i64.store",
    "i32.load16_s",
    "v128.load16x4_u",
    "v128.store",
    "v128.load64_splat",
    "v128.store8_lane",
  ];
  expect(bytes.map((name) => instructions.get(name)!.bytes)).toEqual([4, 8, 2, 8, 16, 8, 1]);
});
