import { ABI, type Capabilities, checkModule } from "@tenon/backend";
import {
  add,
  applyOp,
  buildModule,
  type DType,
  lookupOp,
  type Module,
  type Tensor,
  type TensorType,
  trace,
} from "@tenon/ir";
import { expect, test } from "vitest";

/** A small device: float32 and int32, float16 in memory only, at most 4 axes and 1,000 elements. */
const caps: Capabilities = {
  abi: ABI,
  ir: [
    [1, 0],
    [1, 0],
  ],
  opsets: { core: 1, nn: 1 },
  dtypes: {
    bool: ["store", "convert", "arith"],
    int32: ["store", "convert", "arith"],
    float32: ["store", "convert", "arith", "dot"],
    float16: ["store", "convert"],
  },
  level: "portable",
  limits: { rank: 4, elements: 1000, maxBufferBytes: 4000 },
  memory: { plan: "whole", align: 256 },
  features: [],
  device: { vendor: "acme", name: "acme-1", fingerprint: "1" },
};

const type = (shape: TensorType["shape"], dtype: DType = "float32"): TensorType => ({ dtype, shape });
const moduleOf = (body: (x: Tensor) => Tensor, spec: TensorType): Module =>
  buildModule({ entries: { step: trace((x) => [body(x)], [spec]).fn } });
const check = (module: Module) => () => checkModule(caps, module, "step");

test("a program within the capabilities passes", () => {
  check(moduleOf((x) => add(x, x), type([2, 3])))();
});

test("a dtype may be kept and converted where it may not be computed in", () => {
  check(moduleOf((x) => x.reshape([6]).cast("float32").exp().cast("float16"), type([2, 3], "float16")))();
  expect(check(moduleOf((x) => add(x, x), type([2], "float16")))).toThrowErrorMatchingInlineSnapshot(`
    [BackendError E511 add: acme-1 does not compute in float16, which it can only store and convert.
      at: @step #0
      fix: cast to another dtype, or use another backend.]
  `);
  expect(check(moduleOf((x) => x.cast("float64"), type([2])))).toThrowErrorMatchingInlineSnapshot(`
    [BackendError E511 convert: acme-1 has no float64.
      at: @step #0
      fix: cast to another dtype, or use another backend.]
  `);
  expect(check(moduleOf((x) => x, type([2], "uint8")))).toThrowErrorMatchingInlineSnapshot(`
    [BackendError E511 compile: acme-1 has no uint8.
      at: @step
      fix: cast to another dtype, or use another backend.]
  `);
});

test("functions that an op runs are checked too", () => {
  const inner = trace((x) => [x.cast("float64").cast("float32")], [type([2])]).fn;
  expect(
    check(moduleOf((x) => applyOp(lookupOp("call")!, [x], { fn: inner })[0]!, type([2]))),
  ).toThrowErrorMatchingInlineSnapshot(`
    [BackendError E511 convert: acme-1 has no float64.
      at: @fn #0
      fix: cast to another dtype, or use another backend.]
  `);
});

test("rank and element count are limited", () => {
  expect(check(moduleOf((x) => x, type([1, 1, 1, 1, 1])))).toThrowErrorMatchingInlineSnapshot(`
    [BackendError E513 compile: rank 5 is above 4, the most of acme-1.
      type: float32 [1, 1, 1, 1, 1]
      at: @step]
  `);
  expect(check(moduleOf((x) => x, type([10, 101])))).toThrowErrorMatchingInlineSnapshot(`
    [BackendError E513 compile: 1010 elements are more than 1000, the most of acme-1.
      type: float32 [10, 101]
      at: @step]
  `);
});

test("op sets and the IR have versions", () => {
  const module = moduleOf((x) => add(x, x), type([2]));
  expect(check({ ...module, opsets: new Map([["rng", 1]]) })).toThrowErrorMatchingInlineSnapshot(`
    [BackendError E512 compile: the module uses the op set rng@1, and acme-1 has none of it.
      fix: upgrade the backend's package.]
  `);
  expect(check({ ...module, opsets: new Map([["nn", 2]]) })).toThrowErrorMatchingInlineSnapshot(`
    [BackendError E512 compile: the module uses the op set nn@2, and acme-1 has nn@1.
      fix: upgrade the backend's package.]
  `);
  expect(check({ ...module, version: [1, 1] })).toThrowErrorMatchingInlineSnapshot(`
    [BackendError E512 compile: the module is of IR 1.1, and 1.0 to 1.0 are what acme-1 accepts.
      fix: upgrade the backend's package, or write the module for an older version.]
  `);
  check({ ...module, opsets: new Map([["acme", 7]]) })(); // a third party's ops bring their decompositions
});
