import { expect, test } from "vitest";
import { Column, dataset, ofClasses, perClass } from "./index.ts";

const labels = Int32Array.of(0, 1, 2, 0, 1, 2, 0, 0);
const y = new Column(labels, [8], { classes: ["a", "b", "c"] });
const data = dataset({ x: Float32Array.from(labels.keys()), y });

test("rows of some classes keep their order and labels, or are numbered anew", () => {
  const some = ofClasses(data, [2, 0]);
  expect([[...some.x.data], [...some.y.data], some.y.classes]).toEqual([[0, 2, 3, 5, 6, 7], [0, 2, 0, 2, 0, 0], y.classes]); // biome-ignore format: a row
  const anew = ofClasses(data, [2, 0], { relabel: true });
  expect([[...anew.x.data], [...anew.y.data], anew.y.classes]).toEqual([[0, 2, 3, 5, 6, 7], [1, 0, 1, 0, 1, 1], ["c", "a"]]); // biome-ignore format: a row
  expect(ofClasses(data, []).size).toBe(0);
});

test("a few rows of each class are the first, or chosen by a seed", () => {
  expect([...perClass(data, 2).x.data]).toEqual([0, 1, 2, 3, 4, 5]);
  expect(perClass(data, 3).size).toBe(7); // classes b and c have two
  const chosen = perClass(data, 1, { seed: 1 });
  expect([...chosen.y.data].sort()).toEqual([0, 1, 2]);
  expect(perClass(data, 1, { seed: 1 }).x.data).toEqual(chosen.x.data);
});

test("what has no labels is refused", () => {
  expect(() => ofClasses(dataset({ x: [1] }) as never, [0])).toThrow(/there is no column y/);
  expect(() => perClass(dataset({ y: [[1, 0]] }), 1)).toThrow(/y is float32 \[1, 2\], not one label a row/);
  expect(() => ofClasses(data, 3 as never)).toThrow(/the classes/);
});
