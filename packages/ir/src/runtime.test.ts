import { expect, test } from "vitest";
import type { Tensor } from "./index.ts";
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
