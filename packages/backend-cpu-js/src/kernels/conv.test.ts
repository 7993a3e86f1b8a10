import { backward } from "@tenon/autograd";
import { type ConvOptions, conv, input, relu, spec, type Tensor, withTrace } from "@tenon/ir";
import { expect, test } from "vitest";
import { features } from "../assembler/features.ts";
import { type ClaimedRun, checkExactly, runClaimed } from "./claimed.test-kit.ts";
import { drawer } from "./dot-products.test-kit.ts";

const levels = [false, true].filter((relaxed) => !relaxed || features().relaxed);

interface Case {
  readonly x: readonly (number | string)[];
  readonly w: readonly number[];
  readonly options?: ConvOptions;
  /** Which of the result and the gradients of x and w. */
  readonly of: readonly ("y" | "dx" | "dw")[];
}

/** A convolution between what networks put around it, and its gradients likewise. */
function runs(
  { x: ofX, w: ofW, options = {}, of }: Case,
  relaxed: boolean,
  cuts?: readonly number[],
): readonly ClaimedRun[] {
  const [x, w, bias, like] = withTrace(() => {
    const [image, kernel] = [input(spec(ofX)), input(spec(ofW))];
    const y = conv(image, kernel, options);
    return [image, kernel, input(spec([ofW.at(-1)!])), input(y)] as const;
  });
  const results = withTrace(() => {
    const y = conv(x, w, options);
    const { gradients } = backward([y], [x, w], [like]);
    const [dx, dw] = gradients as [Tensor, Tensor];
    const all = { y: relu(y.add(bias)), dx: dx.mul(x.greater(0).cast("float32")), dw: w.sub(dw.mul(2)) };
    return of.map((name) => all[name]);
  });
  const dims = { B: 3 };
  return runClaimed([x, w, bias, like], results, { relaxed, dims, ...(cuts && { cuts }) });
}

test.each(levels)(
  "convolutions of any size, and their gradients, are those of the interpreter (relaxed: %s)",
  (relaxed) => {
    const draw = drawer(5);
    const kinds = new Set<string>();
    for (let i = 0; i < 24; i++) {
      const axes = 1 + draw(draw(6) === 0 ? 3 : 2);
      const each = (value: () => number): number[] => Array.from({ length: axes }, value);
      const groups = draw(5) === 0 ? 2 : 1;
      const [kernel, dilation] = [each(() => 1 + draw(3)), each(() => 1 + Number(draw(6) === 0))];
      const sizes = kernel.map((k, axis) => dilation[axis]! * (k - 1) + 1 + draw(axes === 3 ? 3 : 9));
      const [channels, results] = [groups * (1 + draw(draw(2) === 0 ? 3 : 9)), groups * (1 + draw(11))];
      const padding = draw(3) === 0 ? "valid" : draw(2) === 0 ? "same" : each(() => draw(3));
      const c: Case = {
        x: [draw(4) === 0 ? "B" : 1 + draw(3), ...sizes, channels],
        w: [...kernel, channels / groups, results],
        options: { stride: each(() => 1 + Number(draw(4) === 0)), dilation, groups, padding },
        of: (["y", "dx", "dw"] as const).filter(() => draw(2) === 0),
      };
      const found = runs(c, relaxed);
      checkExactly(found, c);
      for (const { kernel: of } of found) kinds.add(of.name);
    }
    expect([...kinds].sort()).toEqual(["nn.conv+add+maximum", "nn.conv+compare+convert+mul", "nn.conv+mul+sub"]);
  },
);

test.each(levels)("blocks of places go from image to image, and of k over many of them (relaxed: %s)", (relaxed) => {
  const all = ["y", "dx", "dw"] as const;
  const cases: readonly Case[] = [
    { x: [3, 13, 11, 5], w: [3, 3, 5, 9], options: { padding: "same" }, of: all },
    { x: ["B", 12, 15, 2], w: [3, 2, 2, 7], options: { stride: [2, 1], padding: [[0, 2], 1] }, of: all },
    { x: [29, 2, 2, 3], w: [2, 2, 3, 4], options: { padding: 1 }, of: all },
    { x: [2, 130, 3], w: [5, 3, 4], options: { padding: 4, dilation: 2 }, of: all },
    { x: [2, 14, 9, 11], w: [3, 3, 11, 10], of: all },
    { x: [3, 30, 4], w: [4, 2, 12], options: { stride: 3, groups: 2 }, of: ["dx"] },
    { x: [1, 4, 4, 48], w: [3, 3, 48, 3], options: { padding: "same" }, of: ["y"] },
  ];
  for (const c of cases) checkExactly(runs(c, relaxed), c);
});

test.each(levels)("channels that see each only themselves are summed from tap to tap (relaxed: %s)", (relaxed) => {
  const all = ["y", "dx", "dw"] as const;
  const cases: readonly Case[] = [
    { x: [2, 6, 7, 11], w: [3, 3, 1, 11], options: { groups: 11, padding: "same" }, of: all },
    { x: ["B", 8, 5], w: [2, 1, 5], options: { groups: 5, stride: 2, dilation: 3 }, of: all },
    { x: [1, 4, 4, 3], w: [2, 2, 1, 6], options: { groups: 3 }, of: all },
  ];
  for (const c of cases) checkExactly(runs(c, relaxed), c);
});

test("parts of a convolution may be computed in any order", () => {
  const c: Case = { x: [2, 13, 11, 5], w: [3, 3, 5, 9], options: { padding: "same" }, of: ["y"] };
  checkExactly(runs(c, false, [1, 2]), c);
});
