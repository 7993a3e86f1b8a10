import { expect, test } from "vitest";
import { checked, matchSignature, spec, type TensorType } from "./index.ts";
import { refusal } from "./refusal.test-kit.ts";

const match = (signature: string, names: string[], ...operands: TensorType[]) =>
  checked(
    "op",
    Object.fromEntries(operands.map((x, i) => [names[i]!, x])),
    () => "mend one",
    () => matchSignature(signature, names, operands),
  );

test("letters get sizes, and the axes before them broadcast", () => {
  const { loop, sizes } = match("(m,k),(k,n)->(m,n)", ["a", "b"], spec(["B", 1, 2, 3]), spec([5, 3, 4]));
  expect(loop.join()).toBe("B,5");
  expect([...sizes].map(([letter, size]) => `${letter}=${size}`)).toEqual(["m=2", "k=3", "n=4"]);
});

test("an operand without named axes only broadcasts", () => {
  expect(match("(k),()->(k)", ["x", "y"], spec([2, 3]), spec([2])).loop).toEqual([2]);
});

test("a letter with two sizes is refused by name", () => {
  expect(refusal(() => match("(k),(k)->()", ["x", "y"], spec(["B"]), spec(["B+1"])))).toMatchInlineSnapshot(`
    "ShapeError E204 op: k is B in x but B+1 in y, in (k),(k)->().
      x: float32 [B]
      y: float32 [B+1]
      fix: mend one."
  `);
});

test("too few axes and leading axes that do not broadcast are refused", () => {
  expect(refusal(() => match("(m,k)->(m)", ["x"], spec([3])))).toMatchInlineSnapshot(`
    "ShapeError E206 op: x has rank 1, below 2, in (m,k)->(m).
      x: float32 [3]
      fix: mend one."
  `);
  expect(refusal(() => match("(k),(k)->()", ["x", "y"], spec([2, 3]), spec([4, 3])))).toMatchInlineSnapshot(`
    "ShapeError E203 op: leading axes do not broadcast, in (k),(k)->().
      x: float32 [2, 3]
      y: float32 [4, 3]
      fix: mend one."
  `);
});
