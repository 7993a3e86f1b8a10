import type { CompositeSite } from "@tenon/backend";
import { decompositionTolerance, differences } from "@tenon/conformance";
import { evaluateFn } from "@tenon/interpreter";
import {
  add,
  applyOp,
  buildModule,
  composite,
  Fn,
  input,
  installRuntime,
  isLeaf,
  layerNorm,
  lookupOp,
  mapRegions,
  matmul,
  type OpRecord,
  relu,
  scan,
  sigmoid,
  silu,
  softmax,
  type Tensor,
  topologicalOrder,
  trace,
  withScope,
} from "@tenon/ir";
import { allSamples, materialize } from "@tenon/ir/samples";
import { toGraph } from "@tenon/ir/to-graph";
import { verify } from "@tenon/ir/verify";
import { describe, expect, test } from "vitest";
import { expand } from "./expand.ts";
import { loadParts } from "./parts.ts";
import { simplify } from "./simplify.ts";

await loadParts();

const x23 = { dtype: "float32", shape: [2, 3] } as const;
const traced = (body: (x: Tensor) => readonly Tensor[]): Fn => trace((x) => body(x!), [x23]).fn;

/** The ops that a function and its regions apply. */
function opsOf(fn: Fn, into: Set<OpRecord> = new Set()): Set<OpRecord> {
  for (const node of topologicalOrder(fn.results)) {
    if (isLeaf(node)) continue;
    into.add(node.op);
    if (node.op.kind !== "composite")
      mapRegions(node.op, node.attrs, (part) => {
        opsOf(part as Fn, into);
        return part;
      });
  }
  return into;
}

const names = (fn: Fn): readonly string[] => [...opsOf(fn)].map(({ name }) => name).sort();
const composites = (fn: Fn): readonly string[] =>
  [...opsOf(fn)].filter(({ decompose }) => decompose !== undefined).map(({ name }) => name);

describe("every sample of every op", () => {
  test("expands to primitives that compute the same", () => {
    const problems = allSamples().flatMap((sample) => {
      const args = materialize(sample);
      const inputs = args.map((x) => input(x));
      const fn = new Fn("sample", inputs, sample.record(inputs));
      const expanded = expand(fn);
      verify(buildModule({ entries: { expanded } }));
      const [expected, actual] = [evaluateFn(fn, args), evaluateFn(expanded, args)];
      return [
        ...composites(expanded),
        ...expected.flatMap(({ dtype, data }, i) =>
          differences(dtype, data, actual[i]!.data, decompositionTolerance).map(
            (at) => `result ${i} at ${at} is ${actual[i]!.data[at]} for ${data[at]}`,
          ),
        ),
      ].map((problem) => `${sample.name}/${sample.index}: ${problem}`);
    });
    expect(problems).toEqual([]);
  });
});

test("a composite that the backend claims is kept whole, at the sites it claims", () => {
  const fn = traced((x) => [softmax(x, { axis: 0 }), softmax(x, { axis: 1 })]);
  const seen: CompositeSite[] = [];
  const kept = expand(fn, (site) => {
    if (site.op === "nn.softmax") seen.push(site);
    return site.attrs.axis === 1 ? { kernel: "rows" } : null;
  });
  expect(seen).toEqual([
    { op: "nn.softmax", version: 1, attrs: { axis: 0 }, operands: [x23], results: [x23] },
    { op: "nn.softmax", version: 1, attrs: { axis: 1 }, operands: [x23], results: [x23] },
  ]);
  expect(composites(kept)).toEqual(["nn.softmax"]);
  expect(topologicalOrder(kept.results).filter(({ op }) => op === softmax.op)).toHaveLength(1);
});

test("composites inside a decomposition are offered too, and expanded where they are not claimed", () => {
  const fn = traced((x) => composite({ name: "acme.scores", version: 1 }, (y) => [silu(softmax(y!))], [x]));
  expect(composites(expand(fn))).toEqual([]);
  expect(composites(expand(fn, ({ op }) => (op === "nn.softmax" ? { kernel: "rows" } : null)))).toEqual(["nn.softmax"]);
});

test("what is a function of single elements is spelled or expanded, and not offered", () => {
  expect(
    composites(
      expand(
        traced((x) => [sigmoid(x)]),
        () => ({ kernel: "any" }),
      ),
    ),
  ).toEqual([]);
});

test("a scalar composite that the target spells is kept, others are not", () => {
  const fn = traced((x) => [relu(sigmoid(softmax(x)))]);
  const spells = (op: string): boolean => op === "nn.sigmoid" || op === "nn.softmax";
  expect(composites(expand(fn, () => null, { spells }))).toEqual(["nn.sigmoid"]);
});

test("regions are expanded, and a region that two ops share is expanded once", () => {
  const fn = traced((x) => {
    const carry = x.sum({ axis: 0 });
    const once = scan(([h], [row]) => [[sigmoid(add(h!, row!))], []], [carry], [x]).carry;
    const { op, attrs } = once[0]!;
    return [...once, ...applyOp(op, [carry, x], attrs)];
  });
  expect(names(fn)).toContain("nn.sigmoid");
  const expanded = expand(fn);
  expect(composites(expanded)).toEqual([]);
  expect(expanded.results[0]!.attrs.body).toBe(expanded.results[1]!.attrs.body);
});

test("an op that carries its decomposition goes by its own name, and is inlined where that is unknown", () => {
  const fn = traced((x) => composite({ name: "acme.twice", version: 3, attrs: { n: 2 } }, (y) => [add(y!, y!)], [x]));
  const seen: string[] = [];
  const claims = (answer: boolean) => (site: CompositeSite) => {
    seen.push(`${site.op}@${site.version} ${JSON.stringify(site.attrs)}`);
    return answer ? { kernel: "twice" } : null;
  };
  expect(names(expand(fn, claims(false)))).toEqual(["add"]);
  expect([...opsOf(expand(fn, claims(true)))]).toEqual([lookupOp("composite")]);
  expect(seen).toEqual(['acme.twice@3 {"n":2}', 'acme.twice@3 {"n":2}']);
});

test("what a decomposition records has the layer path of the composite", () => {
  const fn = traced((x) => withScope("encoder", () => [layerNorm(x, { axis: -1 })]));
  const scopes = new Set(topologicalOrder(expand(fn).results).flatMap((n) => (isLeaf(n) ? [] : [n.scope])));
  expect([...scopes]).toEqual(["encoder"]);
});

test("an inlined decomposition without places of its own gets that of the op", () => {
  const fn = traced((x) => {
    const made = trace((y) => [add(y!, y!)], [x23]).fn;
    return withScope("head", () => composite({ name: "acme.twice", version: 1 }, (y) => made.inline([y!]), [x]));
  });
  const back = toGraph(buildModule({ entries: { fn } }), "fn");
  const inner = topologicalOrder(expand(back).results).filter((n) => !isLeaf(n));
  expect(inner.map(({ op, scope }) => [op.name, scope])).toEqual([["add", "head"]]);
});

test("a function without composites is returned itself", () => {
  const fn = trace((x, y) => [matmul(x!, y!)], [x23, { dtype: "float32", shape: [3, 2] }]).fn;
  expect(expand(fn)).toBe(fn);
});

test("the runtime hears of no node that is made, so that it starts no flush", () => {
  const x = input(x23);
  const fn = new Fn("f", [x], [softmax(x)]);
  let heard = 0;
  const silent = (): never => {
    throw new Error("nothing is read here");
  };
  installRuntime({ data: silent, dispose: silent, recorded: () => void heard++ });
  simplify(expand(fn));
  expect(heard).toBe(0);
  softmax(x);
  expect(heard).toBe(1);
});
