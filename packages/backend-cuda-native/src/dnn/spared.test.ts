import { constantIndex, type Index, type Item, indexVariable, type StepProgram } from "@tenon/lowering";
import { expect, test } from "vitest";
import type { Attentions } from "./attention.ts";
import type { AttentionForm, Lying } from "./form.ts";
import { type AttentionProblem, workOf } from "./problem.ts";
import { sparedAttentions } from "./spared.ts";

const length = indexVariable("T", 1, 4096);

/** One of heads of 64, on so many rows. */
function attentionOn(rows: Index): AttentionForm {
  const sizes = [1, rows, 1, 64].map((n) => (typeof n === "number" ? constantIndex(n) : n));
  const lies: Lying = {
    slot: 0,
    start: constantIndex(0),
    sizes,
    strides: [64, 64, 64, 1].map((n) => constantIndex(n)),
  };
  return { dtype: "float16", scale: 1, causal: false, q: lies, k: lies, v: lies, y: lies, lse: undefined };
}

test("kernels are spared whose attention is likely large, unless the device decides whether they run", () => {
  const forms = [
    attentionOn(constantIndex(256)),
    attentionOn(constantIndex(2)),
    attentionOn(length as Index),
    "a mask",
    undefined,
  ];
  const program = { kernels: forms.map(() => ({ scalars: [length] })) } as unknown as StepProgram;
  const attentions = { takes: (problem: AttentionProblem) => workOf(problem) >= 128 * 128 * 64 } as Attentions;
  const launch = (kernel: number) => ({ kind: "launch", kernel }) as Item;
  const all = forms.map((_, i) => launch(i));
  const spared = (items: readonly Item[]) => [...sparedAttentions(program, items, forms, attentions)];
  expect(spared(all)).toEqual([0, 2]);
  expect(spared([...all, { kind: "branch", branches: [[], [launch(0)]] } as unknown as Item])).toEqual([2]);
  expect(sparedAttentions(program, all, forms, undefined).size).toBe(0);
});
