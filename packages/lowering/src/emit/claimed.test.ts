import { Fn, input, relu, softmax, spec, transpose } from "@tenon/ir";
import { expect, test } from "vitest";
import { indexText } from "../index-text.ts";
import { epilogueAt } from "../kernel/claimed.ts";
import type { ClaimedKernel } from "../kernel/kernel.ts";
import { kernelText } from "../kernel/text.ts";
import { claimsAll, programOf } from "../lower/lower.test-kit.ts";
import { flattened } from "./dot.ts";

const kernels = (fn: Fn) => programOf(fn, { claims: claimsAll }).kernels as readonly ClaimedKernel[];

test("operands of a claimed composite are said to lie as they are moved, and its epilogue has the element as given", () => {
  const [x, bias] = [input(spec(["B", 3, 4])), input(spec([3]))];
  const y = relu(softmax(transpose(x, [0, 2, 1]).reverse({ axis: 1 })).add(bias));
  const [kernel] = kernels(new Fn("main", [x, bias], [y]));
  expect(kernelText(kernel!)).toMatchInlineSnapshot(`
    "claimed nn.softmax+add+maximum(in0: float32, in1: float32, out0: float32 write; B)
    nn.softmax@1 {"axis":2}
    operand 0 [B, 4, 3] lies in in0 from 3 by 12, -1, 4
    for i0 < B, i1 < 4, i2 < 3 {
      v0 = in1[i2] : float32
      v1 = add result 0 v0 : float32
      v2 = maximum v1 0 : float32
      out0[i0 * 12 + i1 * 3 + i2] = v2
    }"
  `);
});

test("an epilogue is run at an index of other loops, and a store of nothing but the result says where it lies", () => {
  const x = input(spec(["B", 3, 4]));
  const [kernel] = kernels(new Fn("main", [x], [softmax(x)]));
  const [result] = kernel!.results;
  const { index } = flattened(
    "row",
    result!.axes.map(({ size }) => size),
  );
  const [store] = epilogueAt(result!, index);
  expect(store).toMatchObject({ kind: "store", value: result!.given });
  expect(store!.kind === "store" && indexText(store!.address)).toBe("row");
  expect(result!.lies!.strides.map(indexText)).toEqual(["12", "4", "1"]);
});
