import { decompositionTolerance, differences } from "@tenon/conformance";
import { evaluateFn } from "@tenon/interpreter";
import { add, buildModule, Fn, input, mul, splat, type Tensor, trace, withScope } from "@tenon/ir";
import { allSamples, materialize } from "@tenon/ir/samples";
import { toGraph } from "@tenon/ir/to-graph";
import { verify } from "@tenon/ir/verify";
import fc from "fast-check";
import { expect, test } from "vitest";
import { countNodes, randomGraphs } from "./random-graph.test-kit.ts";
import { checkOnRandomGraphs, exactPasses } from "./simplify.test-kit.ts";
import { passes, simplify } from "./simplify.ts";

const check = (fn: Fn): void => void verify(buildModule({ entries: { fn } }));

test("random graphs compute the same bits when they are simplified", () => {
  checkOnRandomGraphs(exactPasses, { numRuns: 200 });
});

test.each(exactPasses.map((pass) => [pass.name, pass] as const))(
  "%s alone keeps every bit of random graphs",
  (_, pass) => {
    checkOnRandomGraphs([pass], { numRuns: 50, maxOps: 20 });
  },
);

test("random graphs do not grow, and what is simple stays as it is", () => {
  const inside = exactPasses.filter(({ name }) => name !== "inline"); // a function called twice is inlined twice
  fc.assert(
    fc.property(randomGraphs(), ({ fn }) => {
      const simple = simplify(fn, inside);
      expect(countNodes(simple)).toBeLessThanOrEqual(countNodes(fn));
      expect(simplify(simple, inside)).toBe(simple);
    }),
    { numRuns: 100 },
  );
});

test("every sample of every op computes the same when it is simplified", () => {
  const problems = allSamples().flatMap((sample) => {
    const args = materialize(sample);
    const inputs = args.map((x) => input(x));
    const fn = new Fn("sample", inputs, sample.record(inputs));
    const simple = simplify(fn);
    check(simple);
    const [expected, actual] = [evaluateFn(fn, args), evaluateFn(simple, args)];
    return expected.flatMap(({ dtype, data }, i) =>
      differences(dtype, data, actual[i]!.data, decompositionTolerance).map(
        (at) => `${sample.name}/${sample.index} result ${i} at ${at}: ${actual[i]!.data[at]} for ${data[at]}`,
      ),
    );
  });
  expect(problems).toEqual([]);
});

test("aliases, names and inputs that nothing reads stay", () => {
  const [x, y] = [input({ dtype: "float32", shape: [2] }, "x"), input({ dtype: "float32", shape: [2] }, "y")];
  const fn = new Fn("step", [x, y], [mul(x, splat(1, [2], "float32")), add(x, x)], [1]);
  const simple = simplify(fn);
  expect(simple.results[0]).toBe(x);
  expect([simple.name, simple.inputs, simple.aliases]).toEqual(["step", [x, y], [1, undefined]]);
});

test("a function that is as simple as it can be is returned itself", () => {
  const { fn } = trace((x, y) => [add(x!, y!)], [x23, x23]);
  expect(simplify(fn)).toBe(fn);
});

test("what an identity makes has the layer path of what it stands for", () => {
  const { fn } = trace((x, y) => [withScope("head", () => withScope("inner", () => x!.add(y!)).pow(2))], [x23, x23]);
  const { node } = simplify(fn).results[0]!;
  expect([node.op.name, node.scope]).toEqual(["mul", "head"]);
});

test("passes can be switched off one by one", () => {
  const { fn } = trace((x) => [mul(x!, splat(1, [2, 3], "float32"))], [x23]);
  const others = passes.filter(({ name }) => name !== "algebra");
  expect(simplify(fn, others)).toBe(fn);
  expect(simplify(fn, []).results).toEqual(fn.results);
});

test("a chain of 100,000 nodes is walked without recursion", () => {
  const x = input(x23);
  let y: Tensor = x;
  for (let i = 0; i < 100_000; i++) y = y.neg();
  expect(countNodes(simplify(new Fn("chain", [x], [y])))).toBe(0);
});

test("what a module holds comes back from a graph simplified, and is still a module", () => {
  const { fn } = trace((x) => [x!.mul(1).add(0)], [x23], { name: "f" });
  const module = verify(buildModule({ entries: { f: fn } }));
  check(simplify(toGraph(module, "f")));
});

const x23 = { dtype: "float32", shape: [2, 3] } as const;
