import { type DType, decodeElements, roundToDType } from "@tenon/ir";
import {
  addIndex,
  and,
  atMost,
  equalIndex,
  floorDiv,
  type Index,
  type IndexVariable,
  indexVariable,
  type KernelWriter,
  lessThan,
  modIndex,
  multiplyIndex,
  not,
  or,
  type Predicate,
  type Slot,
  subtractIndex,
  type Value,
} from "@tenon/lowering";
import { expect, test } from "vitest";
import { Memory } from "../../../lowering/src/kernel/evaluate-memory.test-kit.ts";
import { check, evaluated, kernelOf, memoryOf, rendered, small, ways, wayText } from "./run.test-kit.ts";

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

const N = indexVariable("N", 0, 64) as IndexVariable;
const R = indexVariable("R", 0, 64) as IndexVariable;
const sizes = [0, 1, 3, 4, 5, 17, 33];
const at = (i: Index, j: Index): Index => addIndex(multiplyIndex(i, N), j);

test("a mask keeps loads inside of the memory and stores inside of the buffer", () => {
  const masks: Readonly<Record<string, (i: Index, n: Index) => Predicate>> = {
    "all but the ends": (i, n) => and(atMost(2, i), lessThan(i, subtractIndex(n, 3))),
    "every third": (i) => equalIndex(modIndex(i, 3), 1),
    "not every fourth": (i) => not(equalIndex(modIndex(i, 4), 2)),
    "one end or the other": (i, n) => or(lessThan(i, 2), lessThan(subtractIndex(n, 4), i)),
    "none or all": (_, n) => atMost(5, n),
  };
  for (const dtype of ["float32", "bool", "int16"] as const) {
    for (const [name, maskOf] of Object.entries(masks)) {
      for (const distance of [0, 1_000_000, -1_000_000]) {
        const kernel = kernelOf(
          (w) => {
            const [x, y, z] = [w.slot(dtype, "read"), w.slot(dtype, "write"), w.slot(dtype, "write")];
            const i = w.axis("i", N);
            w.loop(i, N, "parallel", () => {
              const mask = maskOf(i, N);
              // where the mask does not hold, the address is far away
              const far = w.index(multiplyIndex(i, 1));
              const place = w.bound(
                w.alu("select", [w.test(mask), far, w.constant("int32", distance)]),
                -1_000_000,
                1_000_000,
              );
              const value = w.alu("select", [w.test(mask), w.load(x, place, mask), zeroOf(w, x)]);
              w.store(y, i, value);
              w.store(z, i, w.alu("select", [w.test(mask), w.load(x, i, mask), zeroOf(w, x)]), mask);
            });
          },
          [N],
        );
        for (const n of [1, 4, 6, 17, 33]) {
          const values = small(n);
          check(
            kernel,
            [memoryOf(dtype, values), Memory.poisoned(dtype, n), memoryOf(dtype, Array(n).fill(1))],
            [n],
            `${dtype} ${name}`,
          );
        }
      }
    }
  }
});

const zeroOf = (w: KernelWriter, { dtype }: Slot): Value =>
  w.constant(dtype === "bool" ? "bool" : dtype === "float32" ? "float32" : "int32", 0);

test("padding reads beside the buffer nothing that counts", () => {
  const kernel = kernelOf(
    (w) => {
      const [x, y] = [w.slot("float32", "read"), w.slot("float32", "write")];
      const wide = addIndex(N, 5);
      const i = w.axis("i", wide);
      w.loop(i, wide, "parallel", () => {
        const from = subtractIndex(i, 2);
        const mask = and(atMost(0, from), lessThan(from, N));
        w.store(y, i, w.alu("select", [w.test(mask), w.load(x, from, mask), w.constant("float32", -1)]));
      });
    },
    [N],
  );
  for (const n of sizes) check(kernel, [memoryOf("float32", small(n)), Memory.poisoned("float32", n + 5)], [n]);
});

test("elements are gathered by values, whole rows and one by one", () => {
  const kernel = kernelOf(
    (w) => {
      const [table, ids, y, z] = [
        w.slot("float32", "read"),
        w.slot("int32", "read"),
        w.slot("float32", "write"),
        w.slot("float32", "write"),
      ];
      const i = w.axis("i", R);
      w.loop(i, R, "parallel", () => {
        const row = w.clamped(w.load(ids, i), 6);
        const j = w.axis("j", N);
        w.loop(j, N, "parallel", () => {
          w.store(y, at(i, j), w.load(table, at(row, j)));
          const other = w.clamped(w.load(ids, w.clamped(w.index(addIndex(j, i)), R)), 6);
          w.store(z, at(i, j), w.load(table, at(other, j)));
        });
      });
    },
    [N, R],
  );
  for (const n of [1, 4, 5, 17])
    for (const r of [1, 9])
      check(
        kernel,
        [
          memoryOf("float32", small(6 * n)),
          memoryOf("int32", small(r)),
          Memory.poisoned("float32", n * r),
          Memory.poisoned("float32", n * r),
        ],
        [n, r],
      );
});

test("indices are divided, taken modulo and chosen between as they are defined", () => {
  const kinds: Readonly<Record<string, (i: Index) => Index>> = {
    "windows of 3": (i) => addIndex(multiplyIndex(5, floorDiv(i, 3)), modIndex(i, 3)),
    "windows of 4": (i) => addIndex(multiplyIndex(7, floorDiv(i, 4)), modIndex(i, 4)),
    "windows of 8": (i) => addIndex(multiplyIndex(9, floorDiv(i, 8)), modIndex(i, 8)),
    "channels first": (i) => addIndex(multiplyIndex(12, modIndex(i, 3)), floorDiv(i, 3)),
    "of negative numbers": (i) => addIndex(floorDiv(subtractIndex(i, 20), 3), modIndex(subtractIndex(i, 50), 7), 7),
    "by a size": (i) => addIndex(floorDiv(i, addIndex(N, 1)), modIndex(i, addIndex(N, 1))),
  };
  for (const [name, place] of Object.entries(kinds)) {
    const kernel = kernelOf(
      (w) => {
        const [x, y, z] = [w.slot("int32", "read"), w.slot("int32", "write"), w.slot("int32", "write")];
        const i = w.axis("i", N);
        w.loop(i, N, "parallel", () => {
          w.store(y, i, w.load(x, place(i)));
          w.store(z, i, w.index(place(i)));
        });
      },
      [N],
    );
    for (const n of [1, 4, 17, 33])
      check(
        kernel,
        [memoryOf("int32", small(100)), Memory.poisoned("int32", n), Memory.poisoned("int32", n)],
        [n],
        name,
      );
  }
});
