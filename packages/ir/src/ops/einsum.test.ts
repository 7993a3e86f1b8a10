import { expect, test } from "vitest";
import { constant, einsum, input, spec, type Tensor, topologicalOrder } from "../index.ts";
import { refusal } from "../refusal.test-kit.ts";
import { evaluated } from "./evaluated.test-kit.ts";

const ops = (y: Tensor): string[] =>
  topologicalOrder([y]).flatMap(({ op }) => (op.kind === "leaf" || op.name === "constant" ? [] : [op.name]));

const x = constant([1, 2, 3, 4, 5, 6], [2, 3]);

test("a letter that is not behind the arrow is summed", () => {
  expect(evaluated(einsum("ij->i", x))).toEqual([6, 15]);
  expect(evaluated(einsum("ij->", x))).toEqual([21]);
  expect(evaluated(einsum("ij->ji", x))).toEqual([1, 4, 2, 5, 3, 6]);
  expect(evaluated(einsum(" i j , k -> j ", x, constant([1, 2])))).toEqual([15, 21, 27]);
});

test("without an arrow, letters that stand once are the result's, by the alphabet", () => {
  expect(evaluated(einsum("ba", x))).toEqual([1, 4, 2, 5, 3, 6]);
  expect(evaluated(einsum("ij,kj", x, x))).toEqual([14, 32, 32, 77]);
});

test("a letter twice in one term is the diagonal", () => {
  const square = constant([1, 2, Infinity, 4], [2, 2]);
  expect(evaluated(einsum("ii->i", square))).toEqual([1, 4]);
  expect(evaluated(einsum("ii", square))).toEqual([5]);
});

test("... stands for leading axes, which broadcast", () => {
  const [a, b] = [input(spec(["B", 1, 3, 4])), input(spec([5, 4, 2]))];
  expect(String(einsum("...ij,...jk->...ik", a, b))).toBe("Tensor(float32 [B, 5, 3, 2])");
  expect(String(einsum("...ij,...jk->ik...", a, b))).toBe("Tensor(float32 [3, 2, B, 5])");
  expect(String(einsum("i...->...", a))).toBe("Tensor(float32 [1, 3, 4])");
});

test("products that sum are dots, of batches where a letter is kept, and others are element-wise", () => {
  const [q, k] = [input(spec([2, 3, 4, 8])), input(spec([2, 5, 4, 8]))];
  expect(ops(einsum("bthd,bshd->bhts", q, k))).toEqual(["dot"]);
  expect(ops(einsum("i,j->ij", constant([1, 2]), constant([3, 4])))).toEqual([
    "reshape",
    "broadcast",
    "reshape",
    "broadcast",
    "mul",
  ]);
  expect(ops(einsum("ij,jk,kl->il", input(spec([2, 3])), input(spec([3, 4])), input(spec([4, 5]))))).toEqual([
    "dot",
    "dot",
  ]);
});

test("what does not fit is refused with the equation, the letter and both sizes", () => {
  expect(refusal(() => einsum("ij,jk->ik", x, x))).toMatchInlineSnapshot(`
    "ShapeError E204 einsum: j is 3 in operand 0 but 2 in operand 1, in "ij,jk->ik".
      operand 0: float32 [2, 3]
      operand 1: float32 [2, 3]
      fix: reshape or transpose one of them, or give the axes different letters."
  `);
  expect(refusal(() => einsum("...i,...i->...", x, constant(0, [4, 3])))).toMatchInlineSnapshot(`
    "ShapeError E204 einsum: axis -1 of ... is 2 in operand 0 but 4 in operand 1, in "...i,...i->...".
      operand 0: float32 [2, 3]
      operand 1: float32 [4, 3]
      fix: reshape or transpose one of them, or give the axes different letters."
  `);
  expect(refusal(() => einsum("ii", x))).toMatchInlineSnapshot(`
    "ShapeError E204 einsum: i is 2 in operand 0 but 3 in operand 0, in "ii".
      operand 0: float32 [2, 3]
      fix: reshape or transpose one of them, or give the axes different letters."
  `);
  expect(refusal(() => einsum("ijk->i", x))).toMatchInlineSnapshot(`
    "ShapeError E206 einsum: operand 0 has rank 2 but ijk names 3, in "ijk->i".
      operand 0: float32 [2, 3]"
  `);
  expect(refusal(() => einsum("ij->ik", x))).toMatchInlineSnapshot(`
    "ShapeError E205 einsum: k of the result is in no operand, in "ij->ik".
      operand 0: float32 [2, 3]
      fix: leave it out, or name it before."
  `);
  expect(refusal(() => einsum("ij,jk", x))).toMatchInlineSnapshot(`
    "ShapeError E209 einsum: terms and operands differ in number, 2 and 1, in "ij,jk".
      operand 0: float32 [2, 3]
      fix: give one operand per term."
  `);
  expect(refusal(() => einsum("ij->ii", x))).toMatchInlineSnapshot(`
    "OptionError E803 einsum: "ij->ii" has a letter twice behind the arrow.
      fix: write letters for axes, such as "bij,bjk->bik", and ... for leading axes."
  `);
  expect(refusal(() => einsum("i1->i", x))).toMatchInlineSnapshot(`
    "OptionError E803 einsum: "i1->i" has a term "i1" which is not letters with at most one ....
      fix: write letters for axes, such as "bij,bjk->bik", and ... for leading axes."
  `);
  expect(refusal(() => einsum("ij->i->j", x))).toMatchInlineSnapshot(`
    "OptionError E803 einsum: "ij->i->j" has more than one arrow.
      fix: write letters for axes, such as "bij,bjk->bik", and ... for leading axes."
  `);
});
