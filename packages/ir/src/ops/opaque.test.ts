import { backward } from "@tenon/autograd";
import { expect, test } from "vitest";
import { barrier, input, opaque, spec, trace } from "../index.ts";
import { refusal } from "../refusal.test-kit.ts";
import { evaluated } from "./evaluated.test-kit.ts";

const x = input(spec([2]));
const twice = { target: "acme.twice", version: 1, types: [spec([2])] };

test("an opaque op has the declared types, and the derivative it was given", () => {
  const { fn: vjp } = trace((_x, _y, dy) => [dy!.mul(2)], [spec([2]), spec([2]), spec([2])]);
  const [y] = opaque({ ...twice, vjp }, [x]);
  expect(String(y)).toBe("Tensor(float32 [2])");
  const { gradients } = backward(
    [y!],
    [x],
    [
      input(spec([2]))
        .mul(0)
        .add(3),
    ].map((t) => t),
  );
  expect(String(gradients[0])).toBe("Tensor(float32 [2])");
});

test("without one it cannot be differentiated", () => {
  const [y] = opaque(twice, [x]);
  expect(refusal(() => backward([y!], [x], [input(spec([2]))]))).toMatchInlineSnapshot(`
    "DifferentiationError E601 opaque: it cannot be differentiated: an opaque op has a derivative only if it is given a vjp.
      fix: keep it out of what is differentiated, or cut the derivative before it with stopGradient."
  `);
});

test("a vjp takes operands, results and cotangents", () => {
  const { fn: vjp } = trace((dy) => [dy!], [spec([2])]);
  expect(refusal(() => opaque({ ...twice, vjp }, [x]))).toMatchInlineSnapshot(`
    "ShapeError E209 opaque: the vjp takes 1 operands, not 3.
      args[0]: float32 [2]
      fix: it takes the operands, the results and a cotangent per result."
  `);
});

test("a target is named", () => {
  expect(refusal(() => opaque({ ...twice, target: "twice" }, [x]))).toMatchInlineSnapshot(`
    "OptionError E803 opaque: target is "twice", which is not backend.name.
      fix: use a name such as "cuda-native.topk"."
  `);
});

test("a barrier is the identity, and its derivative is one too", () => {
  const [y] = barrier(x.mul(3));
  const { gradients } = backward([y!], [x], [x]);
  expect(gradients[0]!.inputs[0]!.op.name).toBe("barrier");
  expect(evaluated(gradients[0]!, [[x, [1, 2]]])).toEqual([3, 6]);
});
