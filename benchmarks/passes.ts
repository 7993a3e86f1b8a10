/**
 * What it costs to expand and simplify a training step: a network of 12 dense layers with relu, cross-entropy, gradients
 * and Adam's updates written out, about 1,000 nodes. Medians over rounds, after a warm-up; the first round is told too.
 */
import { writeFile } from "node:fs/promises";
import { backward } from "@tenon/autograd";
import {
  constant,
  div,
  Fn,
  input,
  linear,
  pow,
  softmaxCrossEntropy,
  spec,
  sub,
  type Tensor,
  topologicalOrder,
  withScope,
} from "@tenon/ir";
import { expand, loadParts, passes, simplify } from "@tenon/lowering";

await loadParts();

const ROUNDS = 40;
const WARM_UP = 20;

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

interface Timed<T> {
  readonly value: T;
  readonly first: number;
  readonly median: number;
}

function measure<T>(body: () => T): Timed<T> {
  const times: number[] = [];
  let value = body();
  for (let round = 0; round < ROUNDS + WARM_UP; round++) {
    const started = performance.now();
    value = body();
    times.push(performance.now() - started);
  }
  return { value, first: times[0]!, median: median(times.slice(WARM_UP)) };
}

const widths = [784, ...new Array<number>(11).fill(64), 10];

/** One step: loss, then parameters, means and variances renewed. Rate and step are inputs. */
function step(): Fn {
  const params = widths.slice(1).flatMap((out, i) => [input(spec([widths[i]!, out])), input(spec([out]))]);
  const [means, variances] = [params.map((p) => input(p)), params.map((p) => input(p))];
  const [x, labels, rate, t] = [input(spec(["B", 784])), input(spec(["B"], "int32")), input(spec([])), input(spec([]))];
  let h = x;
  for (let i = 0; i < params.length; i += 2)
    h = withScope(`dense${i / 2}`, () =>
      linear(h, params[i]!, { bias: params[i + 1]!, act: i + 2 < params.length ? "relu" : "none" }),
    );
  const loss = softmaxCrossEntropy(h, labels).mean();
  const { gradients } = backward([loss], params, [constant(1)]);
  const renewed = params.map((p, i) => adam(p, gradients[i]!, means[i]!, variances[i]!, rate, t));
  const results = [loss, ...[0, 1, 2].flatMap((k) => renewed.map((list) => list[k]!))];
  return new Fn("step", [...params, ...means, ...variances, x, labels, rate, t], results);
}

/** Kingma & Ba 2015, arXiv:1412.6980, algorithm 1. */
function adam(p: Tensor, g: Tensor, m: Tensor, v: Tensor, rate: Tensor, t: Tensor): readonly Tensor[] {
  const mean = m.mul(0.9).add(g.mul(0.1));
  const variance = v.mul(0.999).add(pow(g, 2).mul(0.001));
  const update = div(
    mean.div(sub(1, pow(0.9, t))),
    variance
      .div(sub(1, pow(0.999, t)))
      .sqrt()
      .add(1e-8),
  );
  return [p.sub(update.mul(rate)), mean, variance];
}

const count = (fn: Fn): number => topologicalOrder(fn.results).length;
const fn = step();
const expanded = measure(() => expand(fn));
const simplified = measure(() => simplify(expanded.value));
const rows: readonly (readonly [what: string, nodes: number, first: number, median: number])[] = [
  ["recorded", count(fn), 0, 0],
  ["expanded", count(expanded.value), expanded.first, expanded.median],
  ["simplified", count(simplified.value), simplified.first, simplified.median],
  ...passes.map((pass) => {
    const alone = measure(() => simplify(expanded.value, [pass]));
    return [`  ${pass.name} alone`, count(alone.value), alone.first, alone.median] as const;
  }),
];

console.log(`${"".padEnd(20)}${["nodes", "first, ms", "median, ms"].map((word) => word.padStart(12)).join("")}`);
for (const [what, nodes, first, middle] of rows)
  console.log(
    `${what.padEnd(20)}${[String(nodes), first.toFixed(2), middle.toFixed(2)].map((s) => s.padStart(12)).join("")}`,
  );
if (process.argv.includes("--json"))
  await writeFile(
    new URL("passes.json", import.meta.url),
    `${JSON.stringify({ node: process.version, rows }, null, 2)}\n`,
  );
