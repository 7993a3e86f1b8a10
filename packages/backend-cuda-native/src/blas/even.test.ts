import { buildModule, dimSymbol, einsum, Fn, input, pad, spec, type Tensor, transpose, windows } from "@tenon/ir";
import { verify } from "@tenon/ir/verify";
import { lower, withIndexScope, withParts } from "@tenon/lowering";
import { expect, test } from "vitest";
import { templates } from "../kernels.ts";
import { liesEvenly } from "./even.ts";
import { formOf } from "./form.ts";

type Body = (x: Tensor, y: Tensor) => Tensor;

const B = dimSymbol("B");
const inputs = [input(spec([B, 16, 6])), input(spec([B, 16, 5]))] as const;

const steps: Body = (x, y) => einsum("bsi,bsj->ij", x, y);
const around = { lo: [0, 1, 0], hi: [0, 0, 0] };
const turned = (x: Tensor): Tensor => transpose(x, [1, 0, 2]);

const products: readonly (readonly [terms: string, even: boolean, body: Body])[] = [
  ["examples and their steps", true, steps],
  ["the same in the other order", true, (x, y) => einsum("sbi,sbj->ij", turned(x), turned(y))],
  ["the same as one axis", true, (x, y) => einsum("bi,bj->ij", x.reshape([-1, 6]), y.reshape([-1, 5]))],
  ["every second step", true, (x, y) => steps(x.slice({ stride: [1, 2, 1] }), y.slice({ stride: [1, 2, 1] }))],
  ["the first steps", false, (x, y) => steps(x.slice({ limit: [B, 9, 6] }), y.slice({ limit: [B, 9, 5] }))],
  [
    "windows",
    false,
    (x, y) => einsum("bsiw,bsj->wij", windows(x, { axes: [1], size: 3 }), y.slice({ limit: [B, 14, 5] })),
  ],
  ["zeros, too", false, (x, y) => steps(pad(x, around), pad(y, around))],
  ["steps of each example", true, (x, y) => einsum("bsi,bsj->bij", x, y)],
  ["examples of each step", true, (x, y) => einsum("bsi,bsj->sij", x, y)],
  ["what is computed", true, (x, y) => steps(x.exp(), y.square())],
];

test.each(products)("a product over %s is the library's where both operands lie evenly: %s", async (_, even, body) => {
  const module = verify(buildModule({ entries: { main: new Fn("main", inputs, [body(...inputs)]) } }));
  const seen: boolean[] = [];
  const found = await withParts(() =>
    withIndexScope(() => {
      seen.length = 0;
      const settle = (node: Parameters<typeof liesEvenly>[0]) => {
        if (node.op.name === "dot") seen.push(liesEvenly(node));
        return undefined;
      };
      const { kernels } = lower(module, "main", { templates, settle });
      return kernels.flatMap((kernel) => (kernel.kind === "dot" ? [formOf(kernel) !== undefined] : []));
    }),
  );
  expect([seen, found]).toEqual([[even], [even]]);
});
