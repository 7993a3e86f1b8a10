import { backward } from "@tenon/autograd";
import { type AttentionOptions, applyOp, attention, attentionOp, input, spec, type Tensor, withTrace } from "@tenon/ir";
import { expect, test } from "vitest";
import { Memory } from "../../../lowering/src/kernel/evaluate-memory.test-kit.ts";
import { features } from "../assembler/features.ts";
import { checkNearly, runClaimed } from "./claimed.test-kit.ts";
import { drawer } from "./dot-products.test-kit.ts";
import { buffer } from "./template.test-kit.ts";

const levels = [false, true].filter((relaxed) => !relaxed || features().relaxed);

interface Case {
  readonly q: readonly (number | string)[];
  readonly k: readonly (number | string)[];
  readonly width: number;
  readonly causal?: boolean;
  /** Shapes of a mask and a bias. */
  readonly mask?: readonly (number | string)[];
  readonly bias?: readonly (number | string)[];
  /** Whether the operands are moved about in what lies in memory. */
  readonly turned?: boolean;
  /** Whether the gradients are wanted. */
  readonly backward?: boolean;
}

/** Attention with something done to its result, and the logarithms of its sums. */
function check(c: Case, relaxed: boolean, cuts?: readonly number[]): void {
  const { inputs, results } = withTrace(() => {
    const turn = (t: Tensor): Tensor => (c.turned === true ? t.transpose([0, 2, 1, 3]).reverse({ axis: 1 }) : t);
    const given = (shape: readonly (number | string)[], dtype: "float32" | "bool" = "float32"): Tensor =>
      input(
        spec(
          c.turned === true && shape.length === 4 && dtype === "float32"
            ? shape.map((_, i) => shape[[0, 2, 1, 3][i]!]!)
            : shape,
          dtype,
        ),
      );
    const [q, k, v] = [c.q, c.k, [...c.k.slice(0, 3), c.width]].map((shape) => given(shape)) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    const mask = c.mask && input(spec(c.mask, "bool"));
    const bias = c.bias && input(spec(c.bias));
    const options: AttentionOptions = {
      scale: 0.25,
      ...(c.causal && { causal: true }),
      ...(mask && { mask }),
      ...(bias && { bias }),
    };
    const y = attention(turn(q), turn(k), turn(v), options);
    const lse = y.node.outputs[1]!;
    const extras = [...(mask ? [mask] : []), ...(bias ? [bias] : [])];
    if (c.backward !== true) return { inputs: [q, k, v, ...extras], results: [y.mul(2).add(1), lse] };
    const dy = input(y);
    const { gradients } = backward([y], [q, k, v], [dy]);
    return { inputs: [q, k, v, dy, ...extras], results: (gradients as Tensor[]).map((dx) => dx.mul(2)) };
  });
  const fill = (dtype: Memory["dtype"], count: number, seed: number): Memory =>
    dtype === "bool"
      ? buffer(dtype, count, seed)
      : new Memory(
          dtype,
          buffer(dtype, count, seed).data.map((x) => x / 4),
        );
  const runs = runClaimed(inputs, results, { relaxed, dims: { B: 2, T: 11 }, fill, ...(cuts && { cuts }) });
  expect(runs).toHaveLength(c.backward === true && c.bias === undefined ? 2 : 1);
  checkNearly(runs, c);
}

test.each(levels)("attention of any size is that of the interpreter (relaxed: %s)", (relaxed) => {
  const draw = drawer(2);
  for (let i = 0; i < 20; i++) {
    const keyHeads = 1 + draw(2);
    const heads = keyHeads * (1 + draw(2));
    const [t, s] = [draw(3) === 0 ? "T" : 1 + draw(20), draw(6) === 0 ? "T" : 1 + draw(24)];
    const [b, depth] = [draw(3) === 0 ? "B" : 1 + draw(2), 1 + draw(9)];
    const some = (): (number | string)[] => [b, heads, t, s].map((n) => (draw(2) === 0 ? 1 : n));
    check(
      {
        ...{ q: [b, t, heads, depth], k: [b, s, keyHeads, depth], width: 1 + draw(14), causal: draw(2) === 0 },
        ...(draw(3) === 0 && { mask: some() }),
        ...(draw(3) === 0 && { bias: some() }),
        ...{ turned: draw(4) === 0, backward: draw(2) === 0 },
      },
      relaxed,
    );
  }
});

test("blocks of queries go on where others end, and heads may be computed in any order", () => {
  for (const causal of [false, true]) {
    check({ q: [2, 41, 2, 8], k: [2, 45, 1, 8], width: 13, causal }, true, [1, 3]);
    check({ q: [1, 70, 1, 3], k: [1, 9, 1, 3], width: 4, causal, mask: [1, 1, 70, 9] }, true);
    check({ q: [2, 41, 4, 8], k: [2, 45, 2, 8], width: 13, causal, backward: true }, true, [1, 3]);
    check({ q: [1, 70, 1, 3], k: [1, 9, 1, 3], width: 4, causal, mask: [1, 1, 70, 9], backward: true }, true);
  }
});

test("without keys the result is nothing", () => {
  const [q, k] = [input(spec([1, 2, 1, 2])), input(spec([1, 0, 1, 2]))];
  const results = withTrace(() => applyOp(attentionOp, [q, k, k], { scale: 1 }));
  checkNearly(runClaimed([q, k], results, { relaxed: false }), "no keys");
});
