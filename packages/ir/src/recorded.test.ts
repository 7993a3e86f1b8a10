import { expect, test } from "vitest";
import { buildModule, dimSymbol, entryGraph, Fn, input, isVerified, recorded, reshape, toTensor } from "./index.ts";
import { verify, verifyModule } from "./verify.ts";

const B = dimSymbol("B");

test("what is recorded is well-formed, and known to be", () => {
  const x = input({ dtype: "float32", shape: [B, 2] });
  const module = recorded({ entries: { f: new Fn("f", [x], [reshape(x, [B.mul(2)]).exp()]) } });
  expect(isVerified(module)).toBe(true);
  expect(verifyModule(module)).toEqual([]);
});

test("an entry is had as a graph, whether its module was recorded or verified", () => {
  const x = input({ dtype: "float32", shape: [2] }, "x");
  const parts = { entries: { f: new Fn("f", [x], [x.exp().mul(3)], [0]) } };
  for (const module of [recorded(parts), verify(buildModule(parts))]) {
    const graph = entryGraph(module, "f");
    expect(buildModule({ entries: { f: graph } }).functions).toEqual(module.functions);
    expect([graph.inputs[0]!.attrs.name, graph.inputs[0] === x]).toEqual(["x", false]);
  }
});

test("the graph of a recorded module is what was recorded, whatever becomes of the program's tensors", () => {
  const x = input({ dtype: "float32", shape: [2] });
  const y = x.exp();
  const module = recorded({ entries: { f: new Fn("f", [x], [y.mul(3)]) } });
  y.node = x.node;
  expect(entryGraph(module, "f").results[0]!.node.inputs[0]!.node.op.name).toBe("exp");
});

test("a size that stands in an attribute alone is declared", () => {
  const x = input({ dtype: "float32", shape: [B] });
  const { symbols } = recorded({ entries: { f: new Fn("f", [x], [toTensor("f", B.add(1), "int32")]) } });
  expect(symbols.map(({ name }) => name)).toEqual(["B"]);
});

test.each([
  ["an attribute", () => toTensor("f", B, "int32")],
  [
    "a shape",
    () =>
      input({ dtype: "float32", shape: [2] })
        .sum()
        .broadcastTo([B]),
  ],
])("a size in %s that no input tells is refused", (_, made) => {
  const y = made();
  const inputs = y.node.inputs.flatMap((t) => t.node.inputs);
  expect(() => recorded({ entries: { f: new Fn("f", inputs, [y]) } })).toThrowErrorMatchingInlineSnapshot(`
    [ShapeError E317 f: no input tells the size B.
      fix: give it an input with an axis of size B.]
  `);
});
