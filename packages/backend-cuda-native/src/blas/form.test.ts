import { type DotKernel, KernelWriter, loadParts, type Value } from "@tenon/lowering";
import { expect, test } from "vitest";
import { productOf } from "../../../backend-cpu-js/src/kernels/dot-products.test-kit.ts";
import { formOf } from "./form.ts";
import { multiplicationsOf } from "./multiplications.ts";
import { problemOf } from "./problem.ts";
import type { Products } from "./products.ts";

await loadParts();

const sizes = { batch: 1, rows: 4, columns: 3, k: 5 } as const;
const stored = productOf({ ...sizes, type: "float32", a: "k last", b: "lines last", epilogue: "store" }).kernel;

type Compute = (w: KernelWriter, product: Value, other: () => Value) => Value;

/** The product with another value stored, which may read `other`, an array like the result. Slots are a, b, the result, `other`. */
function storing(compute: Compute): DotKernel {
  const w = new KernelWriter();
  const product = w.given("float32");
  const [store] = stored.epilogue.filter((s) => s.kind === "store");
  const [out, other] = [w.slot("float32", "write"), w.slot("float32", "read")];
  w.store(
    out,
    store!.address,
    compute(w, product, () => w.load(other, store!.address)),
  );
  return { ...stored, slots: [...stored.slots.slice(0, 2), out, other], epilogue: w.statements, product };
}

const kept = (compute: Compute) => formOf(storing(compute));

test("an epilogue that the library has is taken, whatever the order of operands", () => {
  const constant = (w: KernelWriter, value: number) => w.constant("float32", value);
  expect(kept((_, p) => p)).toMatchObject({ activation: "none", alpha: 1 });
  expect(kept((w, p) => w.alu("maximum", [p, constant(w, 0)]))).toMatchObject({ activation: "relu" });
  expect(kept((w, p) => w.alu("maximum", [constant(w, 0), p]))).toMatchObject({ activation: "relu" });
  expect(kept((w, p) => w.alu("mul", [constant(w, 3), p]))).toMatchObject({ alpha: 3 });
  expect(kept((w, p) => w.alu("maximum", [w.alu("mul", [p, constant(w, 3)]), constant(w, 0)]))).toMatchObject({
    ...{ activation: "relu", alpha: 3 },
  });
});

test("any other stays with kernels of our own", () => {
  const constant = (w: KernelWriter, value: number) => w.constant("float32", value);
  expect(kept((w, p) => w.alu("maximum", [p, constant(w, 1)]))).toBeUndefined();
  expect(kept((w, p) => w.alu("minimum", [p, constant(w, 0)]))).toBeUndefined();
  expect(kept((w, p) => w.alu("add", [p, p]))).toBeUndefined();
  expect(kept((w, p) => w.alu("add", [p, constant(w, 1)]))).toBeUndefined();
  expect(kept((w, p) => w.alu("exp", [p]))).toBeUndefined();
  expect(kept((w) => constant(w, 0))).toBeUndefined();
  expect(kept((w, p, other) => w.alu("mul", [p, other()]))).toBeUndefined();
  expect(kept((w, p, other) => w.alu("add", [w.alu("maximum", [p, constant(w, 0)]), other()]))).toBeUndefined();
  expect(kept((w, p) => w.alu("mul", [w.alu("maximum", [p, constant(w, 0)]), constant(w, 2)]))).toBeUndefined();
});

test("operands that are computed, other types and several results stay with kernels of our own", () => {
  const cases = [
    { a: "k last, computed", b: "k last", epilogue: "store", type: "float32" },
    { a: "windows", b: "k last", epilogue: "store", type: "float32" },
    { a: "k last", b: "k last", epilogue: "bias, relu and residual", type: "float32" },
    { a: "k last", b: "k last", epilogue: "masked and transposed", type: "float32" },
    { a: "k last", b: "k last", epilogue: "column sums", type: "float32" },
    { a: "k last", b: "k last", epilogue: "store", type: "int32" },
  ] as const;
  for (const c of cases) expect(formOf(productOf({ ...sizes, ...c }).kernel), JSON.stringify(c)).toBeUndefined();
});

test("a result row by row is the transposed product, column-major, with the operands in the other order", () => {
  expect(problemOf(formOf(stored)!, new Map())).toMatchObject({
    ...{ rows: 3, columns: 4, depth: 5, batch: 1, turnA: false, turnB: false },
    a: { slot: 1, leading: 3 },
    b: { slot: 0, leading: 5 },
    d: { slot: 2, leading: 3 },
  });
});

test("the memory of an addend may be that of the result, that of an operand may not", () => {
  const forms = [kept((w, product, other) => w.alu("add", [product, other()]))];
  const products = { version: "0", ready: () => ({ number: 7, workspaceBytes: 64 }) } as unknown as Products;
  const callsWith = (memories: readonly number[]) => {
    const work = {
      source: { name: "product", scalars: [] },
      instances: [{ memories, scalars: [], groups: 1 }],
      guard: undefined,
      launch: { kernel: 0 },
    };
    return multiplicationsOf(work as never, forms, products, {}).calls;
  };
  const at = (memory: number) => ({ memory, offset: 0 });
  expect(callsWith([10, 11, 12, 13])).toEqual([
    { product: 7, workspaceBytes: 64, operands: [at(11), at(10), at(13), at(12), undefined] },
  ]);
  expect(callsWith([10, 11, 12, 12])).toHaveLength(1);
  expect(callsWith([12, 11, 12, 13])).toEqual([]);
  expect(callsWith([10, 12, 12, 13])).toEqual([]);
});
