import { type DType, decodeElements, roundToDType } from "@tenon/ir";
import { addIndex, type Index, multiplyIndex, subtractIndex } from "@tenon/lowering";
import { expect, test } from "vitest";
import { Memory } from "../../../lowering/src/kernel/evaluate-memory.test-kit.ts";
import { evaluated, kernelOf, memoryOf, rendered, ways, wayText } from "./run.test-kit.ts";

const dtypes: readonly DType[] = [
  ...([
    "bool",
    "int8",
    "uint8",
    "int16",
    "uint16",
    "int32",
    "uint32",
    "float16",
    "bfloat16",
    "float32",
    "float64",
  ] as const),
];

/** `count` elements of a dtype, of any bits that it has. */
function elements(dtype: DType, count: number): Memory {
  const wide = Float64Array.from(
    { length: count },
    (_, i) => (dtype === "bool" ? i % 3 : (i * 37) % 251) - 90 * (i % 2),
  );
  return memoryOf(dtype, wide);
}

const rates: Readonly<Record<string, (i: Index, n: number) => Index>> = {
  "side by side": (i) => i,
  backwards: (i, n) => subtractIndex(n - 1, i),
  "every third": (i) => multiplyIndex(3, i),
  "the same": () => multiplyIndex(0, 0),
};

test.each(dtypes)("%s is copied as it is, however it lies", (dtype) => {
  for (const n of [1, 3, 4, 17, 33]) {
    for (const [from, source] of Object.entries(rates)) {
      for (const [to, target] of Object.entries(rates)) {
        if (to === "the same") continue;
        const kernel = kernelOf((w) => {
          const [x, y] = [w.slot(dtype, "read"), w.slot(dtype, "write")];
          const i = w.axis("i", n);
          w.loop(i, n, "parallel", () => w.store(y, addIndex(target(i, n), 1), w.load(x, addIndex(source(i, n), 2))));
        });
        const memories = [elements(dtype, 3 * n + 2), memoryOf(dtype, Array(3 * n + 1).fill(1))];
        for (const way of ways) {
          const [expected, actual] = [evaluated(kernel)(memories), rendered(kernel, way)(memories)];
          expect([...actual[1]!.data], `${n}, ${from}, ${to}, ${wayText(way)}`).toEqual([...expected[1]!.data]);
        }
      }
    }
  }
});

test.each(["float16", "bfloat16"] as const)(
  "every %s becomes the float32 that it is, and is stored as it was",
  (dtype) => {
    const all = Uint16Array.from({ length: 2 ** 16 }, (_, i) => i);
    const values = decodeElements(dtype, new Uint8Array(all.buffer));
    const kernel = kernelOf((w) => {
      const [x, y, z] = [w.slot(dtype, "read"), w.slot(dtype, "write"), w.slot("float32", "write")];
      const i = w.axis("i", 2 ** 16);
      w.loop(i, 2 ** 16, "parallel", () => {
        w.store(y, i, w.load(x, i));
        w.store(z, i, w.load(x, i));
      });
    });
    for (const way of ways) {
      const memories = [memoryOf(dtype, values), Memory.poisoned(dtype, 2 ** 16), Memory.poisoned("float32", 2 ** 16)];
      const [, narrow, wide] = rendered(kernel, way)(memories);
      expect(narrow!.data).toEqual(values);
      expect(wide!.data).toEqual(values);
    }
  },
);

test.each(["float16", "bfloat16"] as const)("float32 is stored as the nearest %s, ties to even", (dtype) => {
  const near: number[] = [Infinity, -Infinity, NaN, 3.4e38, -3.4e38, 1e-45, 65519.996, 65520, 65535, 65536, -0];
  // around each number of 16 bits: the middle to the next one, and the float32 numbers beside that
  const bits = new Uint16Array(1);
  const at = (i: number): number => {
    bits[0] = i;
    return decodeElements(dtype, new Uint8Array(bits.buffer))[0]!;
  };
  for (let i = 0; i < 0x7c00; i += 3) {
    const middle = Math.fround((at(i) + at(i + 1)) / 2);
    near.push(middle, -middle, Math.fround(middle * (1 + 2 ** -23)), Math.fround(middle * (1 - 2 ** -23)));
  }
  const kernel = kernelOf((w) => {
    const [x, y] = [w.slot("float32", "read"), w.slot(dtype, "write")];
    const i = w.axis("i", near.length);
    w.loop(i, near.length, "parallel", () => w.store(y, i, w.load(x, i)));
  });
  for (const way of ways) {
    const result = rendered(kernel, way)([memoryOf("float32", near), Memory.poisoned(dtype, near.length)])[1]!;
    expect([...result.data]).toEqual(near.map((x) => roundToDType(dtype, x)));
  }
});
