import { expect, test } from "vitest";
import * as ir from "./index.ts";

const methods = Object.getOwnPropertyNames(ir.Tensor.prototype);
const own = ["constructor", "data", "item", "dispose", "toString"];
const getters = ["op", "inputs", "attrs", "rank", "size"];

test("every method is the function of its name, with the tensor as first operand", () => {
  const x = ir.input(ir.spec([2, 3]));
  const functions = new Map<string, unknown>(Object.entries(ir));
  for (const name of methods.filter((m) => !own.includes(m) && !getters.includes(m))) {
    expect(functions.get(name), name).toBeTypeOf("function");
  }
  expect(x.add(1).op.name).toBe("add");
  expect(x.sum({ axis: -1, keepDims: true }).shape).toEqual([2, 1]);
  expect(x.sub(2).mul(x).div(3).exp().transpose().matmul(x).shape).toEqual([3, 3]);
});

test("methods are not enumerable, so that a tensor prints as one", () => {
  expect(Object.keys(ir.Tensor.prototype)).toEqual([]);
  expect(String(ir.input(ir.spec(["B", 3])))).toBe("Tensor(float32 [B, 3])");
});
