import { expect, test } from "vitest";
import { constant, spec, type Tensor } from "./index.ts";
import { input } from "./leaf.ts";
import { nodeHash, sameStructure } from "./structure.ts";

const hash = (t: Tensor): number => nodeHash(t.node);
const leaf = (): Tensor => input(spec([2, 3]));

test("equal graphs on other leaves have one hash and one structure", () => {
  const f = (x: Tensor, y: Tensor): Tensor =>
    x
      .mul(y)
      .sum({ axis: 1 })
      .add(constant(3, [2]));
  const [a, b] = [f(leaf(), leaf()), f(leaf(), leaf())];
  expect(hash(a)).toBe(hash(b));
  expect(sameStructure([a], [b])).toBe(true);
});

test("another op, attribute, type, constant or wiring is another structure", () => {
  const [x, y] = [leaf(), leaf()];
  const base = x.mul(y).sum({ axis: 1 });
  const others = [
    x.add(y).sum({ axis: 1 }),
    x.mul(y).sum({ axis: 0 }),
    x.mul(y).sum({ axis: 1, keepDims: true }),
    x.mul(x).sum({ axis: 1 }),
    x.mul(y.transpose().transpose()).sum({ axis: 1 }),
    input(spec([2, 4]))
      .mul(input(spec([2, 4])))
      .sum({ axis: 1 }),
  ];
  for (const other of others) expect(sameStructure([base], [other])).toBe(false);
  expect(sameStructure([constant(0, [])], [constant(-0, [])])).toBe(false);
});

test("a hit on the hash is not believed: the same hash on another wiring is told apart", () => {
  const [x, y] = [leaf(), leaf()];
  const [twice, once] = [x.mul(x), x.mul(y)]; // leaves are known by their types alone
  expect(hash(twice)).toBe(hash(once));
  expect(sameStructure([twice], [once])).toBe(false);
});

test("a graph that grows is hashed from where it was", () => {
  let t = leaf();
  const chain = [t];
  for (let i = 0; i < 20_000; i++) {
    t = t.add(1);
    chain.push(t);
  }
  for (const each of chain) hash(each); // quadratic, were each one hashed from its leaves: the test would run out of time
  let long = leaf();
  for (let i = 0; i < 200_000; i++) long = long.neg();
  expect(Number.isInteger(hash(long))).toBe(true);
});
