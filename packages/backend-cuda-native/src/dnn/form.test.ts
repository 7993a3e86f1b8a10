import { lower, withIndexScope, withParts } from "@tenon/lowering";
import { attention, compile, type DType, relu, spec, type Tensor, tensor, transpose } from "@tenon/tensor";
import { expect, test } from "vitest";
import "@tenon/interpreter";
import { likelySizes } from "../blas/spared.ts";
import { claimsOn } from "../kernels/claims.ts";
import { templates } from "../kernels.ts";
import { attentionOf } from "./form.ts";
import { type AttentionProblem, problemOf } from "./problem.ts";

/** What the library would be told of the attention in a function, or why it is not. */
async function problemIn(
  fn: (x: Tensor) => Tensor,
  shape: Parameters<typeof spec>[0],
  dtype: DType = "bfloat16",
): Promise<AttentionProblem | string> {
  const step = (x: Tensor): Tensor => fn(x);
  const module = compile(step, { backend: "interpreter" }).trace(spec(shape, dtype));
  const { kernels } = await withParts(() =>
    withIndexScope(() => lower(module, "step", { templates, claims: claimsOn(9), fusion: true })),
  );
  const [[form, kernel]] = kernels.flatMap((kernel) => {
    const form = attentionOf(kernel);
    return form === undefined ? [] : [[form, kernel] as const];
  }) as [[NonNullable<ReturnType<typeof attentionOf>>, (typeof kernels)[0]]];
  return typeof form === "string" ? form : problemOf(form, likelySizes(kernel));
}

test("attention of arrays as they lie is told of with heads before rows", async () => {
  expect(await problemIn((x) => attention(x, x, x, { scale: 2 }), [2, 3, 4, 8])).toMatchObject({
    ...{ dtype: "bfloat16", scale: 2, causal: false },
    ...{ q: { slot: 0, offset: 0, sizes: [2, 4, 3, 8], strides: [96, 8, 32, 1] }, lse: undefined },
  });
  // a size that is not known is taken for 128
  expect(await problemIn((x) => attention(x, x, x), ["B", 3, 2, 16])).toMatchObject({
    q: { sizes: [128, 2, 3, 16], strides: [96, 16, 32, 1] },
  });
  // queries, keys and values that a projection gives side by side
  const side = (x: Tensor, i: number): Tensor => x.slice({ start: [0, 0, 2 * i, 0], limit: [4, 3, 2 * i + 2, 16] });
  expect(await problemIn((x) => attention(side(x, 0), side(x, 1), side(x, 2)), [4, 3, 6, 16])).toMatchObject({
    q: { offset: 0, sizes: [4, 2, 3, 16], strides: [288, 16, 96, 1] },
    v: { offset: 128, sizes: [4, 2, 3, 16], strides: [288, 16, 96, 1] },
    y: { sizes: [4, 2, 3, 16], strides: [96, 16, 32, 1] },
  });
  // axes of one element lie beyond the others
  expect(await problemIn((x) => attention(x, x, x), [1, 5, 1, 8])).toMatchObject({ q: { strides: [40, 40, 8, 1] } });
});

test("anything else is left to kernels of our own, which say why", async () => {
  const plain = (x: Tensor) => attention(x, x, x);
  expect(await problemIn(plain, [2, 3, 2, 8], "float32")).toBe("for its type, float32");
  expect(await problemIn((x) => attention(x, x, x, { mask: tensor([true, false, true]) }), [2, 3, 2, 8])).toBe(
    "for its mask",
  );
  expect(await problemIn((x) => attention(x, x, x, { bias: tensor([1, 2, 3]) }), [2, 3, 2, 8])).toBe("for its bias");
  expect(await problemIn((x) => relu(plain(x)), [2, 3, 2, 8])).toBe("for what is computed with its result");
  expect(await problemIn(plain, [2, 3, 2, 12])).toBe("for heads of 12 and 12");
  expect(await problemIn(plain, [4, 1, 2, 8])).toBe("for its single key");
  expect(await problemIn(plain, [65_536, 2, 1, 8])).toBe("for its 65536 sequences");
  expect(await problemIn(plain, [1, 2, 65_536, 8])).toBe("for its 65536 heads");
  expect(await problemIn(plain, [65_535, 2, 1, 8])).toMatchObject({ causal: false });
  const none = (x: Tensor) => x.slice({ limit: [2, 0, 2, 8] });
  expect(await problemIn((x) => attention(x, none(x), none(x)), [2, 3, 2, 8])).toBe("nothing to compute");
  // rows that begin at no multiple of 16 bytes, and features that do not lie side by side
  const part = (x: Tensor) => x.slice({ limit: [2, 3, 2, 8] });
  expect(await problemIn((x) => plain(part(x)), [2, 3, 2, 12])).toBe("for how its operands lie");
  expect(await problemIn((x) => plain(transpose(x, [0, 1, 3, 2])), [2, 3, 8, 2])).toBe("for how its operands lie");
  const later = (x: Tensor) => attention(x.slice({ limit: [2, 2, 2, 8] }), x, x, { causal: true });
  expect(await problemIn(later, [2, 3, 2, 8])).toBe("for its causal mask, with more keys than queries or fewer");
});
