import { addIndex, type Index, type IndexVariable, indexVariable, multiplyIndex } from "@tenon/lowering";
import { expect, test } from "vitest";
import { Memory } from "../../../lowering/src/kernel/evaluate-memory.test-kit.ts";
import { check, kernelOf, memoryOf, rendered, small, ways } from "./run.test-kit.ts";

const N = indexVariable("N", 0, 64) as IndexVariable;
const R = indexVariable("R", 0, 64) as IndexVariable;
const sizes = [0, 1, 3, 4, 5, 17, 33];

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

test("results have the same bits in any number of parts", () => {
  const kernel = kernelOf(
    (w) => {
      const [x, y, z] = [w.slot("float32", "read"), w.slot("float32", "write"), w.slot("float32", "write")];
      const i = w.axis("i", R);
      w.loop(i, R, "parallel", () => {
        const sum = w.register("float32", "add");
        const j = w.axis("j", N);
        w.loop(j, N, "reduce", () => w.update(sum, w.alu("exp", [w.load(x, at(j, i, R))])));
        w.store(y, i, w.alu("tanh", [w.alu("div", [w.read(sum), w.constant("float32", 30)])]));
        w.store(z, i, w.alu("pow", [w.load(x, i), w.constant("float32", 0.3)]));
      });
    },
    [N, R],
  );
  const values = small(17 * 45).map((v) => 0.1 + v * v * 0.013);
  const memories = [memoryOf("float32", values), ...[1, 2].map(() => Memory.poisoned("float32", 45))];
  for (const relaxed of [false, ways.some((way) => way.relaxed)]) {
    const [whole, parted] = [1, 3].map((parts) =>
      rendered(kernel, { lanes: true, relaxed, parts })(memories, [17, 45]),
    );
    expect(parted).toEqual(whole);
  }
});
