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
  type LoopKernel,
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
import { evaluated, kernelOf, memoryOf, rendered, ways, wayText } from "./run.test-kit.ts";

const N = indexVariable("N", 0, 64) as IndexVariable;
const R = indexVariable("R", 0, 64) as IndexVariable;
const sizes = [0, 1, 3, 4, 5, 17, 33];

/** Whole numbers, small, so that sums are the same in any order. */
const small = (count: number, seed = 1): readonly number[] =>
  Array.from({ length: count }, (_, i) => ((Math.imul(i + seed, 0x9e3779b1) >>> 7) % 19) - 9);

/** Runs a kernel in every way, and expects what the evaluator gives. */
function check(kernel: LoopKernel, memories: readonly Memory[], scalars: readonly number[], what = ""): void {
  const expected = evaluated(kernel)(memories, scalars);
  for (const way of ways) {
    const actual = rendered(kernel, way)(memories, scalars);
    for (const [i, { data }] of actual.entries())
      expect([...data], `${what} ${scalars} ${wayText(way)} buffer ${i}`).toEqual([...expected[i]!.data]);
  }
}

const at = (i: Index, j: Index, n: Index = N): Index => addIndex(multiplyIndex(i, n), j);

test("sums of rows and of columns have any number of each", () => {
  for (const byRow of [true, false]) {
    for (const combine of ["add", "maximum", "minimum", "mul"] as const) {
      const kernel = kernelOf(
        (w) => {
          const [x, y] = [w.slot("float32", "read"), w.slot("float32", "write")];
          const [outer, inner] = byRow ? [R, N] : [N, R];
          const i = w.axis("i", outer);
          w.loop(i, outer, "parallel", () => {
            const sum = w.register("float32", combine);
            const j = w.axis("j", inner);
            w.loop(j, inner, "reduce", () => w.update(sum, w.load(x, byRow ? at(i, j) : at(j, i))));
            w.store(y, i, w.read(sum));
          });
        },
        [N, R],
      );
      for (const n of sizes) {
        for (const r of [0, 1, 7, 33]) {
          const values = small(n * r).map((v) => (combine === "mul" ? Math.sign(v) : v));
          const out = Memory.poisoned("float32", byRow ? r : n);
          check(kernel, [memoryOf("float32", values), out], [n, r], `${combine} by row: ${byRow}`);
        }
      }
    }
  }
});

test("NaN is the maximum of what it is among", () => {
  const kernel = kernelOf(
    (w) => {
      const [x, y] = [w.slot("float32", "read"), w.slot("float32", "write")];
      const largest = w.register("float32", "maximum");
      const i = w.axis("i", N);
      w.loop(i, N, "reduce", () => w.update(largest, w.load(x, i)));
      w.store(y, addIndex(0), w.read(largest));
    },
    [N],
  );
  for (let place = 0; place < 41; place++) {
    const values = small(41).map((x, i) => (i === place ? NaN : x));
    check(kernel, [memoryOf("float32", values), Memory.poisoned("float32", 1)], [41]);
  }
});

test("reductions of every type have partial results that count once", () => {
  const cases = [
    ["int32", "add"],
    ["int32", "maximum"],
    ["uint32", "minimum"],
    ["uint32", "mul"],
    ["int32", "and"],
    ["uint32", "or"],
    ["bool", "and"],
    ["bool", "or"],
    ["float64", "add"],
  ] as const;
  for (const [type, combine] of cases) {
    const kernel = kernelOf(
      (w) => {
        const [x, y] = [w.slot(type, "read"), w.slot(type, "write")];
        const [of, count] = [w.register(type, combine), w.register("int32", "add")];
        const i = w.axis("i", N);
        w.loop(i, N, "reduce", () => {
          w.update(of, w.load(x, i));
          w.update(count, w.constant("int32", 3));
        });
        w.store(y, addIndex(0), w.read(of));
        w.store(w.slot("int32", "write"), addIndex(0), w.read(count));
      },
      [N],
    );
    for (const n of sizes) {
      const values = small(n).map((v) => (type === "bool" ? Number(v > -7) : type === "uint32" ? v + 10 : v));
      const memories = [memoryOf(type, values), Memory.poisoned(type, 1), Memory.poisoned("int32", 1)];
      check(kernel, memories, [n], `${type} ${combine}`);
    }
  }
});

test("two stages in a row, where the second needs all of the first", () => {
  const kernel = kernelOf(
    (w) => {
      const [x, bias, y] = [w.slot("float32", "read"), w.slot("float32", "read"), w.slot("float32", "write")];
      const i = w.axis("i", R);
      w.loop(i, R, "parallel", () => {
        const largest = w.register("float32", "maximum");
        const j = w.axis("j", N);
        w.loop(j, N, "reduce", () => w.update(largest, w.load(x, at(i, j))));
        const shift = w.alu("add", [w.read(largest), w.load(bias, i)]);
        const k = w.axis("j", N);
        w.loop(k, N, "parallel", () => w.store(y, at(i, k), w.alu("sub", [w.load(x, at(i, k)), shift])));
      });
    },
    [N, R],
  );
  for (const n of sizes)
    for (const r of [1, 5])
      check(
        kernel,
        [memoryOf("float32", small(n * r)), memoryOf("float32", small(r)), Memory.poisoned("float32", n * r)],
        [n, r],
      );
});

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

test("what is added up in order, at places that values say, is added up in order", () => {
  const kernel = kernelOf(
    (w) => {
      const [ids, x, y] = [w.slot("int32", "read"), w.slot("float32", "read"), w.slot("float32", "both")];
      const i = w.axis("i", R);
      w.loop(i, R, "serial", () => {
        const row = w.clamped(w.load(ids, i), 3);
        const j = w.axis("j", N);
        w.loop(j, N, "serial", () => {
          const place = at(row, j);
          w.store(y, place, w.alu("add", [w.load(y, place), w.load(x, at(i, j))]));
        });
      });
    },
    [N, R],
  );
  for (const n of [1, 4, 5])
    for (const r of [1, 9])
      check(
        kernel,
        [memoryOf("int32", small(r)), memoryOf("float32", small(n * r)), memoryOf("float32", small(3 * n))],
        [n, r],
      );
});

test("a running sum does not run in lanes", () => {
  const kernel = kernelOf(
    (w) => {
      const y = w.slot("float32", "both");
      const i = w.axis("i", N);
      w.loop(i, N, "serial", () => {
        const next = addIndex(i, 1);
        w.store(y, next, w.alu("add", [w.load(y, next), w.load(y, i)]));
      });
    },
    [N],
  );
  for (const n of sizes) check(kernel, [memoryOf("float32", small(n + 1))], [n]);
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

test("conditions that are the same for all lanes may stand around what runs in lanes, and in it", () => {
  const kernel = kernelOf(
    (w) => {
      const [flags, x, y] = [w.slot("bool", "read"), w.slot("float32", "read"), w.slot("float32", "write")];
      const i = w.axis("i", R);
      w.loop(i, R, "parallel", () => {
        const flag = w.load(flags, i);
        const j = w.axis("j", N);
        w.loop(j, N, "parallel", () => {
          const value = w.load(x, at(i, j));
          w.when(flag, () => w.store(y, at(i, j), w.alu("neg", [value])));
          w.when(w.alu("not", [flag]), () => w.store(y, at(i, j), value));
        });
      });
    },
    [N, R],
  );
  for (const n of [1, 5, 17])
    check(
      kernel,
      [memoryOf("bool", [1, 0, 1]), memoryOf("float32", small(3 * n)), Memory.poisoned("float32", 3 * n)],
      [n, 3],
    );
});
