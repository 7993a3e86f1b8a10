import { expect, test } from "vitest";
import { maximum, minimum, selectIndex } from "./index-choice.ts";
import { floorDiv, modIndex } from "./index-division.ts";
import {
  addIndex as add,
  constantIndex,
  indexAxis,
  indexVariable,
  multiplyIndex as mul,
  subtractIndex as sub,
} from "./index-expression.ts";
import { type Index, type IndexNode, withIndexScope } from "./index-node.ts";
import { and, atMost, equalIndex, lessThan, not, or } from "./index-predicate.ts";
import { indexText } from "./index-text.ts";
import { loadParts } from "./parts.ts";

await loadParts();

const N = indexVariable("N", 1, 1000);
const M = indexVariable("M", 1, 1000);
const Z = indexVariable("Z", 0, 1000); // a size that may be 0
const K = indexVariable("K", 8, 512, { multiple: 8 });
const [i, j, k, l] = [indexAxis("i", 10), indexAxis("j", 8), indexAxis("k", 3), indexAxis("l", 4)];
const x = indexAxis("x", 96);
const y = indexVariable("y", -50, 50);
const [n, m, z] = [indexAxis("n", N), indexAxis("m", M), indexAxis("z", Z)];
const lane = indexAxis("lane", 4);
const block = indexAxis("block", floorDiv(add(N, 3), 4)); // tiles of 4 over N, the last one partial

/** `place` in an array of `sizes`, taken apart: what a reshape to `sizes` reads. */
function apart(place: Index, sizes: readonly Index[]): Index[] {
  const index: Index[] = [];
  let behind: Index = constantIndex(1);
  for (let axis = sizes.length - 1; axis >= 0; axis--) {
    index[axis] = modIndex(floorDiv(place, behind), sizes[axis]!);
    behind = mul(behind, sizes[axis]!);
  }
  return index;
}

/** What a reshape from `sizes` reads. */
const together = (index: readonly Index[], sizes: readonly Index[]): Index =>
  index.reduce((place, own, axis) => add(mul(place, sizes[axis]!), own), constantIndex(0) as Index);

const numbers = (...list: number[]): Index[] => list.map(constantIndex);
const list = (parts: readonly Index[]): string => parts.map(indexText).join(", ");

const cases: readonly (readonly [string, IndexNode | string, string])[] = [
  // quotients and remainders
  ["a quotient of what is put together", floorDiv(add(mul(i, 8), j), 8), "i"],
  ["a remainder of what is put together", modIndex(add(mul(i, 8), j), 8), "j"],
  ["with a symbolic size", floorDiv(add(mul(m, N), n), N), "m"],
  ["and its remainder", modIndex(add(mul(m, N), n), N), "n"],
  ["with the size N + 1", floorDiv(add(mul(m, add(N, 1)), n), add(N, 1)), "m"],
  ["a quotient of a quotient", floorDiv(floorDiv(x, 3), 4), "x floordiv 12"],
  ["a quotient of a remainder", floorDiv(modIndex(x, 12), 4), "x floordiv 4 mod 3"],
  ["a remainder of a remainder", modIndex(modIndex(x, 24), 8), "x mod 8"],
  ["a remainder within its range", modIndex(i, 10), "i"],
  ["a common factor", floorDiv(add(mul(x, 6), 4), 9), "(x * 2 + 1) floordiv 3"],
  ["a small rest", floorDiv(add(mul(i, 4), lane), 8), "i floordiv 2"],
  ["a small remainder as rest", floorDiv(add(mul(i, 4), modIndex(x, 4)), 8), "i floordiv 2"],
  ["a shifted quotient", floorDiv(add(y, 17), 8), "(y + 1) floordiv 8 + 2"],
  ["a reversed axis", floorDiv(sub(95, x), 8), "11 - x floordiv 8"],
  ["a reversed symbolic axis", floorDiv(sub(add(mul(m, N), N, -1), n), N), "m"],
  ["a multiple by its variable", mul(floorDiv(K, 8), 8), "K"],
  ["half of a multiple", mul(floorDiv(K, 8), 4), "K floordiv 2"],
  ["a multiple that stands outside", floorDiv(add(mul(K, i), lane), 4), "K * i floordiv 4"],
  ["what N·4 shares with its dividend", floorDiv(add(mul(i, N), n), mul(N, 4)), "i floordiv 4"],

  // reshapes
  ["a reshape and back", together(apart(x, numbers(4, 6, 4)), numbers(4, 6, 4)), "x"],
  ["two reshapes", list(apart(together([floorDiv(x, 12), modIndex(x, 12)], numbers(8, 12)), numbers(96))), "x"],
  [
    "merged axes split elsewhere",
    list(apart(together([i, j], numbers(10, 8)), numbers(5, 16))),
    "i floordiv 2, i mod 2 * 8 + j",
  ],
  [
    "a symbolic axis merged and split",
    list(apart(together([m, n, k], [M, N, constantIndex(3)]), [mul(M, N), constantIndex(3)])),
    "n + N * m, k",
  ],
  ["and split again", list(apart(add(mul(m, N), n), [M, N])), "m, n"],
  ["a size that may be 0", list(apart(z, [maximum(Z, 1)])), "z"],

  // transposes between reshapes
  ["channels to the back", together(apart(add(mul(j, 3), k), numbers(8, 3)).toReversed(), numbers(3, 8)), "k * 8 + j"],
  [
    "a shuffle of 3 groups of 4",
    together(apart(indexAxis("c", 12), numbers(3, 4)).toReversed(), numbers(4, 3)),
    "c mod 4 * 3 + c floordiv 4",
  ],

  // windows
  [
    "a window's row and column of 28",
    add(mul(add(floorDiv(i, 3), l), 28), modIndex(i, 3), j),
    "l * 28 + i floordiv 3 * 25 + i + j",
  ],
  ["stride 2, dilation 3", add(mul(i, 2), mul(k, 3)), "k * 3 + i * 2"],
  ["a window axis of 1", add(mul(i, 2), mul(indexAxis("w", 1), 3)), "i * 2"],

  // strided slices
  ["every second of every third", add(mul(add(mul(i, 3), 1), 2), 5), "i * 6 + 7"],
  ["halves of a stride-2 slice", floorDiv(mul(i, 2), 4), "i floordiv 2"],

  // masks
  ["inside a padding", and(atMost(0, sub(i, 1)), lessThan(sub(i, 1), 8)), "i < 9 and 0 < i"],
  ["always inside", lessThan(add(mul(i, 8), j), 80), "true"],
  ["never inside", lessThan(add(i, 10), i), "false"],
  ["inside a symbolic size", lessThan(add(mul(n, 4), lane), mul(N, 4)), "true"],
  ["the last partial tile", lessThan(add(mul(block, 4), lane), N), "block * 4 + lane < N"],
  ["a tile that starts inside", lessThan(mul(block, 4), N), "true"],
  ["products of symbols", lessThan(add(mul(m, N), n), mul(M, N)), "true"],
  ["a quotient in a bound", lessThan(floorDiv(x, 8), 5), "x < 40"],
  ["a quotient from below", atMost(3, floorDiv(x, 8)), "23 < x"],
  ["common factors of a bound", lessThan(add(mul(i, 6), mul(k, 3)), 20), "i * 2 + k < 7"],
  ["between two elements", equalIndex(modIndex(add(i, 1), 2), 0), "(i + 1) mod 2 = 0"],
  ["an equation that divides nothing", equalIndex(mul(i, 4), 6), "false"],
  ["two bounds from above", and(lessThan(x, 20), lessThan(x, 30)), "x < 20"],
  ["bounds that exclude each other", and(lessThan(x, 20), lessThan(30, x)), "false"],
  ["bounds that leave nothing out", or(lessThan(x, 20), lessThan(10, x)), "true"],
  ["bounds that leave one place out", or(lessThan(x, 20), lessThan(20, x)), "x < 20 or 20 < x"],
  ["bounds that meet in one place", and(atMost(x, 20), atMost(20, x)), "x < 21 and 19 < x"],
  ["what is and is not", or(equalIndex(x, j), not(equalIndex(x, j))), "true"],
  ["the opposite of both", not(and(lessThan(x, 20), equalIndex(i, j))), "19 < x or i ≠ j"],

  // choices
  ["the smaller of sizes", minimum(n, N), "n"],
  ["a clamped index", maximum(0, minimum(add(i, 1), 20)), "i + 1"],
  ["an edge", minimum(add(i, 1), 9), "min(i + 1, 9)"],
  ["a selection of the same", selectIndex(lessThan(i, j), x, x), "x"],
];

test.each(cases)("%s", (_title, expression, text) => {
  expect(typeof expression === "string" ? expression : indexText(expression)).toBe(text);
});

test("within a scope equal expressions are one object, also with those from before", () => {
  const before = floorDiv(add(mul(x, 3), y), 7);
  const inside = withIndexScope(() => [floorDiv(add(y, mul(3, x)), 7), withIndexScope(() => mul(x, y)), mul(y, x)]);
  expect(inside[0]).toBe(before);
  expect(inside[1]).toBe(inside[2]);
});
