import { expect, test } from "vitest";
import {
  StructureError,
  type Tree,
  treeEntries,
  treeFlatten,
  treeFlattenLike,
  treeLeaves,
  treeMap,
  treeMapWithPath,
  treePaths,
  treeUnflatten,
} from "./index.ts";

class Box {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
  doubled(): Box {
    return new Box(this.value * 2);
  }
}

const params = {
  layers: [
    { weight: 1, bias: 2 },
    { weight: 3, bias: null },
  ],
  scale: 4,
};

test("a map keeps the structure and its types", () => {
  const mapped = treeMap((p) => `${p}`, params);
  const weight: string | undefined = mapped.layers[0]?.weight;
  const scale: string = mapped.scale;
  expect([weight, scale]).toEqual(["1", "4"]);
  expect(mapped).toEqual({
    layers: [
      { weight: "1", bias: "2" },
      { weight: "3", bias: null },
    ],
    scale: "4",
  });
});

test("tuples, interfaces and trees that name their leaf keep their types", () => {
  interface Pair {
    readonly first: Box;
    readonly rest?: Tree<Box>;
  }
  const pair: Pair = { first: new Box(1), rest: [new Box(2), { deep: new Box(3) }] };
  const doubled: Pair = treeMap((box) => box.doubled(), pair);
  expect(treeLeaves(doubled).map((box) => box.value)).toEqual([2, 4, 6]);

  const [a, b]: readonly [string, { x: string }] = treeMap((n: number) => n.toFixed(1), [1, { x: 2 }] as const);
  expect([a, b.x]).toEqual(["1.0", "2.0"]);

  const tree: Tree<Box> = { a: [new Box(5), null] };
  const mapped: Tree<number> = treeMap((box) => box.value, tree);
  expect(mapped).toEqual({ a: [5, null] });
});

test("several trees are walked together, whatever the order of their keys", () => {
  expect(treeMap((a, b, c) => a + b * c, { x: 1, y: [2] }, { y: [3], x: 4 }, { x: 10, y: [100] })).toEqual({
    x: 41,
    y: [302],
  });
});

test("paths join keys and positions by dots", () => {
  expect(treePaths(params)).toEqual(["layers.0.weight", "layers.0.bias", "layers.1.weight", "scale"]);
  expect(treeEntries(params).map(([path, leaf]) => `${path}=${leaf}`)).toEqual([
    "layers.0.weight=1",
    "layers.0.bias=2",
    "layers.1.weight=3",
    "scale=4",
  ]);
  expect(treeMapWithPath((path, a, b) => `${path}:${a + b}`, { x: [1] }, { x: [2] })).toEqual({ x: ["x.0:3"] });
  expect(treePaths(7)).toEqual([""]);
});

test("class instances, typed arrays, maps, functions and undefined are leaves; null is not", () => {
  const leaves = [new Box(1), new Float32Array(2), new Map(), () => 1, undefined, "text", new Date(0)];
  expect(treeLeaves(leaves)).toEqual(leaves);
  expect(treeLeaves([null, {}, []])).toEqual([]);
});

test("flatten and unflatten are inverse, and unflatten takes leaves of another type", () => {
  const { leaves, structure } = treeFlatten(params);
  expect(leaves).toEqual([1, 2, 3, 4]);
  expect(structure.leafCount).toBe(4);
  expect(treeUnflatten(structure, leaves)).toEqual(params);
  const scale: string = treeUnflatten(structure, ["a", "b", "c", "d"]).scale;
  expect(scale).toBe("d");
});

test("a second tree is taken apart by key, in the order of the first", () => {
  const { structure } = treeFlatten({ a: 1, b: [2, null], c: 3 });
  expect(treeFlattenLike(structure, { c: "z", b: ["y", null], a: "x" })).toEqual(["x", "y", "z"]);
});

test("a second tree of another structure is refused, told as the caller's", () => {
  const { structure } = treeFlatten({ a: 1, b: [2, null] });
  expect(() => treeFlattenLike(structure, { b: [2, null], a: [1] }, "pullback")).toThrowErrorMatchingInlineSnapshot(`
    [StructureError E741 pullback: the tree has a list of 1 where a leaf is wanted.
      at: a
      fix: give the same lists, keys and places of null; only leaves may differ.]
  `);
  expect(() => treeFlattenLike(structure, { b: [2, 3], a: 1 })).toThrow(/a leaf \(number\) where null is wanted/);
  expect(() => treeFlattenLike(structure, { a: 1 })).toThrow(/has a record \{a\} where a record \{a, b\} is wanted/);
});

test("unflatten refuses a list of another length", () => {
  expect(() => treeUnflatten(treeFlatten([1, 2]).structure, [1])).toThrowErrorMatchingInlineSnapshot(`
    [StructureError E742 treeUnflatten: the structure has 2 leaves but the list has 1.
      at: the root
      fix: give 2 leaves, in the order of treeLeaves.]
  `);
});

test("trees of different structure are refused with the path and both structures", () => {
  const other = { layers: [{ weight: 1, bias: 2 }, [3]], scale: 4 };
  expect(() => treeMap(() => 0, params, other)).toThrowErrorMatchingInlineSnapshot(`
    [StructureError E741 treeMap: the structure is a record {weight, bias} in tree 0 but a list of 1 in tree 1.
      at: layers.1
      fix: give every tree the same lists, keys and places of null; only leaves may differ.]
  `);
  expect(() => treeMap(() => 0, 1, 2, null)).toThrowErrorMatchingInlineSnapshot(`
    [StructureError E741 treeMap: the structure is a leaf (number) in tree 0 but null in tree 2.
      at: the root
      fix: give every tree the same lists, keys and places of null; only leaves may differ.]
  `);
  expect(() => treeMap(() => 0, { a: [1, 2] }, { a: [1] })).toThrowErrorMatchingInlineSnapshot(`
    [StructureError E741 treeMap: the structure is a list of 2 in tree 0 but a list of 1 in tree 1.
      at: a
      fix: give every tree the same lists, keys and places of null; only leaves may differ.]
  `);
  expect(() => treeMap(() => 0, { a: null }, { a: new Box(1) })).toThrow(/null in tree 0 but a leaf \(Box\) in tree 1/);
  expect(() => treeMap(() => 0, { a: 1 }, { b: 1 })).toThrow(/a record \{a\} in tree 0 but a record \{b\} in tree 1/);
});

test("an error carries code, path and fix, and the brand of Tenon's errors", () => {
  const caught = errorOf(() => treeMap(() => 0, { a: [1] }, { a: [[]] }));
  expect(caught).toBeInstanceOf(StructureError);
  expect(caught).toMatchObject({
    name: "StructureError",
    code: "E741",
    path: "a.0",
    [Symbol.for("tenon.error")]: true,
  });
  expect((caught as Error).stack?.startsWith(`${String(caught)}\n    at `)).toBe(true);
});

test("two leaves of one path name are refused, since one would be lost in a file", () => {
  expect(() => treeEntries({ "a.b": 1, a: { b: 2 } })).toThrowErrorMatchingInlineSnapshot(`
    [StructureError E744 treeEntries: two leaves have the path name "a.b".
      at: a.b
      fix: rename a key that is empty or has a dot in it.]
  `);
});

test("a structure that contains itself is refused, one that is shared is not", () => {
  const loop: unknown[] = [1];
  loop.push({ again: loop });
  expect(() => treeLeaves(loop)).toThrowErrorMatchingInlineSnapshot(`
    [StructureError E743 treeLeaves: a list or record contains itself.
      at: 1.again
      fix: break the cycle, or keep the shared part in an instance of a class, which is a leaf.]
  `);
  const shared = [1];
  expect(treeLeaves([shared, shared])).toEqual([1, 1]);
});

test("a tree of depth 200,000 is mapped, named and put back", () => {
  let deep: unknown = 1;
  for (let depth = 0; depth < 200_000; depth++) deep = depth % 2 === 0 ? [deep] : { a: deep };
  expect(treeLeaves(treeMap((leaf) => (leaf as number) + 1, deep))).toEqual([2]);
  expect(treePaths(deep)[0]).toHaveLength(2 * 200_000 - 1);
  const { leaves, structure } = treeFlatten(deep);
  expect(treeLeaves(treeUnflatten(structure, leaves))).toEqual([1]);
});

test("__proto__ is a key like any other and changes no prototype", () => {
  const hostile = JSON.parse('{"__proto__": {"polluted": 1}, "constructor": 2}') as Record<string, unknown>;
  const mapped = treeMap((leaf) => (leaf as number) + 1, hostile) as object;
  expect(Object.keys(mapped)).toEqual(["__proto__", "constructor"]);
  expect(Object.getPrototypeOf(mapped)).toBe(Object.prototype);
  expect("polluted" in {}).toBe(false);
  expect(treePaths(hostile)).toEqual(["__proto__.polluted", "constructor"]);
  const bare = treeMap((n) => n + 1, Object.assign(Object.create(null) as { x: number }, { x: 1 }));
  expect(Object.getPrototypeOf(bare)).toBe(null);
});

function errorOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}
