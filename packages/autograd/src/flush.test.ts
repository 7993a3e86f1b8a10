import { evaluateTensors } from "@tenon/interpreter";
import {
  becomeLeaf,
  cond,
  constant,
  type Elements,
  installRuntime,
  isLeaf,
  Node,
  type OpRecord,
  scan,
  type Tensor,
  topologicalOrder,
  whileLoop,
} from "@tenon/ir";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkpoint } from "./checkpoint.ts";
import { customGradient } from "./custom.ts";
import { grad, jvp } from "./grad.ts";
import { hessian } from "./jacobian.ts";
import { vmap } from "./vmap.ts";

const EVERY = 3; // nodes between two flushes; @tenon/tensor waits for a thousand

const data: OpRecord = {
  name: "data",
  version: 1,
  kind: "leaf",
  numeric: "exact",
  inputs: [],
  results: ["y"],
  attrs: {},
  type: () => [],
};
const values = new Map<Tensor, Elements>();
let recorded: Node[] = [];

const leaves = (tensors: readonly Tensor[]): readonly Node[] => topologicalOrder(tensors).filter(isLeaf);

/** Turns tensors into data leaves, as a runtime does when it computes them. */
function realize(tensors: readonly Tensor[]): void {
  const roots = tensors.filter((t) => t.op !== data);
  const held = leaves(roots).map((node) => node.outputs[0]!);
  const found = evaluateTensors(roots, new Map(held.map((t) => [t, values.get(t)!])));
  roots.forEach((t, i) => {
    values.set(t, found[i]!);
    becomeLeaf(t, new Node(data, [], {}, [t]));
  });
}

function flush(): void {
  const used = new Set(recorded.flatMap((node) => node.inputs.map((t) => t.node)));
  const ends = recorded
    .filter((node) => !used.has(node))
    .flatMap((node) => node.outputs.filter((t) => t.node === node));
  recorded = [];
  realize(ends.filter((t) => leaves([t]).every((node) => node.op === data)));
}

const valuesOf = (t: Tensor): number[] => {
  realize([t]);
  return [...values.get(t)!.data];
};

beforeAll(() => {
  installRuntime({
    data: () => Promise.reject(new Error("not in this test")),
    dispose: () => {},
    recorded(nodes) {
      if (recorded.length + nodes.length > EVERY) flush();
      recorded.push(...nodes);
    },
  });
});
afterAll(() => installRuntime({ data: () => Promise.reject(new Error("gone")), dispose: () => {} }));

type Scalar = (x: Tensor) => Tensor;
let seed = 1;
const below = (n: number): number => {
  seed = (seed * 1103515245 + 12345) % 2 ** 31;
  return Math.floor((seed / 2 ** 31) * n);
};

/** A smooth function of one number, with loops, branches and derivatives in it; `shared` is a constant from outside. */
function composition(depth: number, shared: Tensor): Scalar {
  if (depth === 0) {
    const c = below(20) / 10 - 1;
    return [
      (x: Tensor) => x.mul(c).sin(),
      (x: Tensor) => x.tanh().add(shared),
      (x: Tensor) => x.mul(shared),
      () => constant(c),
    ][below(4)]!;
  }
  const [f, g] = [composition(depth - 1, shared), composition(depth - 1, shared)];
  const xs = constant([0.5, 1, 2]);
  return [
    (x: Tensor) => f(x).mul(g(x)),
    (x: Tensor) => f(g(x)),
    (x: Tensor) => {
      const { carry, ys } = scan(([c], [i]) => [[g(c!.add(x)).mul(i!)], [c!.mul(i!)]], [f(x)], [xs]);
      return carry[0]!.add(ys[0]!.sum());
    },
    (x: Tensor) =>
      cond(
        x.greater(0.1),
        () => [f(x)],
        () => [g(x)],
      )[0]!,
    (x: Tensor) =>
      whileLoop(
        ([c]) => c!.less(3),
        ([c]) => [f(c!).add(x).add(0.3)],
        [x],
        { maxTrip: 3 },
      )[0]!,
    (x: Tensor) => checkpoint((y: Tensor) => f(y).add(g(y)))(x),
    (x: Tensor) => vmap((i: Tensor) => f(i.mul(x)).add(g(x)))(constant([1, 2])).sum(),
    (x: Tensor) =>
      customGradient(
        (y: Tensor) => y.mul(2).sin(),
        ([y], _y, dy) => [y.mul(2).cos().mul(2).mul(dy)],
      )(f(x)),
    (x: Tensor) => grad((y: Tensor) => f(y).mul(g(y)))(x),
  ][below(9)]!;
}

test("a flush amid a derivative, a loop or a branch harms neither: it finds no half-made function", () => {
  for (let round = 0; round < 60; round++) {
    const shared = constant(0.7);
    const f = composition(1 + below(2), shared);
    const points = constant([-0.8, 0.4]);
    const one = constant(1);
    const all = vmap(grad(f))(points);
    if (below(2) === 0) valuesOf(shared); // what a function was recorded with may be computed before the function is
    const apart = [-0.8, 0.4].map((x) => grad(f)(constant(x)));
    const pushed = vmap((x: Tensor) => jvp(f, [x], [one])[1])(points);
    const second = vmap(hessian(f))(points);
    const expected = apart.flatMap(valuesOf);
    for (const found of [all, pushed]) {
      valuesOf(found).forEach((y, i) => {
        expect(Math.abs(y - expected[i]!)).toBeLessThan(1e-5 * (1 + Math.abs(expected[i]!)));
      });
    }
    expect(valuesOf(second)).toHaveLength(2);
  }
});
