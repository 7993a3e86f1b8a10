import { expect, test } from "vitest";
import {
  add,
  becomeLeaf,
  constant,
  input,
  Node,
  type OpRecord,
  orderAfter,
  spec,
  substitute,
  type Tensor,
} from "./index.ts";

const names = (nodes: readonly Node[]) => nodes.map((node) => node.op.name);

/** A leaf that holds data, as the runtime puts it behind a tensor that it has computed. */
const dataOp: OpRecord = {
  name: "data",
  version: 1,
  kind: "leaf",
  numeric: "exact",
  inputs: [],
  results: ["y"],
  attrs: {},
  type: () => [],
};
const dataLeaf = (t: Tensor): Node => new Node(dataOp, [], {}, [{ dtype: t.dtype, shape: t.shape }]);

test("what is older than a tensor cannot depend on it, and is not visited", () => {
  const old = constant(1).exp().log();
  const x = input(spec([]));
  expect(names(orderAfter([x], [add(old, x).sin()]))).toEqual(["log", "input", "add", "sin"]);
});

test("a tensor that has got a data leaf is replaced in what was recorded before", () => {
  const x = constant(1).exp();
  const y = x.sin();
  becomeLeaf(x, dataLeaf(x));
  const other = input(spec([]));
  const [replaced] = substitute([y], new Map([[x, other]]));
  expect(replaced!.inputs).toEqual([other]);
});

test("substitution keeps the nodes that do not change", () => {
  const [x, y] = [input(spec([])), input(spec([]))];
  const kept = y.sin();
  const [sum] = substitute([add(x.exp(), kept)], new Map([[x, constant(2)]]));
  expect(sum!.inputs[1]).toBe(kept);
  expect(sum!.inputs[0]!.inputs[0]!.op.name).toBe("constant");
});
