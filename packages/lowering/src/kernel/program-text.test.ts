import { linear, softmax, trace, withScope } from "@tenon/ir";
import { expect, test } from "vitest";
import { programOf } from "../lower/lower.test-kit.ts";
import { launchesOf } from "./items.ts";
import { programText } from "./program-text.ts";

test("a program reads as buffers and launches, with the layers that they come from", () => {
  const { fn } = trace(
    (x, w, b) => [withScope("head", () => softmax(linear(x!, w!, { bias: b! })))],
    [
      { dtype: "float32", shape: [8, 4] },
      { dtype: "float32", shape: [4, 3] },
      { dtype: "float32", shape: [3] },
    ],
  );
  const program = programOf(fn, { templates: new Set(["dot"]) });
  expect(launchesOf(program.items)).toBe(2);
  expect(programText(program)).toMatchInlineSnapshot(`
    "program main
      b0: float32 [8, 4] input 0
      b1: float32 [4, 3] input 1
      b2: float32 [3] input 2
      b3: float32 [8, 3] result 0
      b4: float32 [8, 3] temporary
      k0 dot+add (b0, b1, b2, b4) from head
      k1 max+sub+exp+sum+div (b4, b3) from head
    2 kernels, 2 launches"
  `);
});
