import { expect, test } from "vitest";
import { trace } from "./function.ts";
import { composite, constant, iota, substitute, type Tensor } from "./index.ts";
import { input } from "./leaf.ts";
import { installRuntime } from "./tensor.ts";

test("without a runtime a tensor has a type and no values, and says what to import", async () => {
  const x = input({ dtype: "float32", shape: [2] }).add(1);
  expect(() => x.data()).toThrowErrorMatchingInlineSnapshot(`
    [StateError E401 data: no runtime is installed, so tensors are graph nodes without values.
      fix: import "@tenon/tensor", which runs graphs on a backend.]
  `);
  await expect(x.item()).rejects.toThrow("E401 item");
  expect(() => x.dispose()).toThrow("E401 dispose");
  expect([x.dtype, x.shape, x.size]).toEqual(["float32", [2], 2]);
});

test("data, item, dispose and using go to the runtime that is installed", async () => {
  const disposed: Tensor[] = [];
  installRuntime({
    data: async (t) => Float32Array.from({ length: t.size }, (_, i) => i + 7),
    dispose: (t) => disposed.push(t),
  });
  const x = input({ dtype: "float32", shape: [1] });
  {
    using y = x.add(1);
    expect(Array.from(await y.data())).toEqual([7]);
    expect(await y.item()).toBe(7);
    expect(disposed).toEqual([]);
  }
  expect(disposed).toHaveLength(1);
  await expect(input({ dtype: "float32", shape: [3] }).item()).rejects.toThrowErrorMatchingInlineSnapshot(`
    [StateError E403 item: the tensor has 3 elements, not 1.
      x: float32 [3]
      fix: reduce it first, or read all values with data().]
  `);
});

test("the runtime is told of every op of the program, and of none that a traced function records", () => {
  const told: string[] = [];
  installRuntime({
    data: () => Promise.reject(new Error("not in this test")),
    dispose: () => {},
    recorded: (nodes) => told.push(...nodes.map(({ op }) => op.name)),
  });
  const x = input({ dtype: "float32", shape: [2] }).neg();
  trace((y) => [y.mul(iota([2], 0, "float32"))], [x]);
  x.abs();
  expect(told).toEqual(["neg", "abs"]);
});

test("the runtime is told of a graph put in another's place as a whole, and of none that a region records", () => {
  const told: number[] = [];
  const x = input({ dtype: "float32", shape: [2] });
  const y = x.sin().cos().neg();
  installRuntime({
    data: () => Promise.reject(new Error("not in this test")),
    dispose: () => {},
    recorded: (nodes) => told.push(nodes.length),
  });
  substitute([y], new Map([[x, constant([1, 2])]]));
  composite({ name: "acme.twice", version: 1 }, (x) => [x.mul(2).sin()], [x]);
  expect(told).toEqual([1, 3, 1]);
});
