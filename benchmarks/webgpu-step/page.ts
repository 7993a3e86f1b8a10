import { makeJaxJs } from "./jax-js.ts";
import type { Job, Side } from "./job.ts";
import { makeOurs } from "./ours.ts";
import { makeTensorFlow } from "./tensorflow.ts";

const sides = new Map<string, Side>();
let job: Job;

/** Begins the job on each side, and tells their names. */
export async function begin(): Promise<readonly string[]> {
  const ours = await makeOurs();
  job = ours.job;
  sides.set("ours", ours.side);
  sides.set("jax-js", await makeJaxJs(job));
  sides.set("TensorFlow.js", await makeTensorFlow(job));
  return [...sides.keys()];
}

const at = new Map<string, number>();

/** The next `count` steps of a side: its losses, and milliseconds. */
export async function steps(name: string, count: number) {
  const side = sides.get(name)!;
  const losses: number[] = [];
  const started = performance.now();
  for (let i = 0; i < count; i++) {
    const done = at.get(name) ?? 0;
    losses.push(await side.step(job.batches[done % job.batches.length]!));
    at.set(name, done + 1);
  }
  return { losses, milliseconds: performance.now() - started };
}

const products = new Map<string, () => Promise<ArrayLike<number>>>();

/** So many products of matrices of n × n: milliseconds, and elements of the last product. */
export async function multiply(name: string, n: number, count: number) {
  const key = `${name} ${n}`;
  if (!products.has(key)) products.set(key, sides.get(name)!.product(n));
  const run = products.get(key)!;
  const started = performance.now();
  let last: ArrayLike<number> = [];
  for (let i = 0; i < count; i++) last = await run();
  const milliseconds = performance.now() - started;
  const some = Array.from({ length: 64 }, (_, i) => last[(i * 7919) % (n * n)]!);
  return { milliseconds, some };
}
