/**
 * Matrix products of cpu-js in GFLOP/s, on one thread, called as users call them: squares, and those of a step of the main job,
 * with what follows them in the same kernel. Beside each stands its share of the microkernel's rate on packed panels
 * (K = 256), which is measured in turn with them. Times are of the clock that stands still while others have the processor.
 *
 * npm run bench -- cpu-js-matmul [--json]
 */
import { writeFile } from "node:fs/promises";
import { features } from "@tenon/backend-cpu-js";
import { compile, matmul, relu, setBackend, type Tensor, tensor } from "@tenon/tensor";
import { clock, microkernel } from "./cpu-js/microkernel.ts";

const ROUNDS = 20;
/** Floating-point operations in a round, some 30 ms: the clock counts whole milliseconds. */
const WORK = 2e9;
/** What is small has a cost of its own, and is measured by fewer. */
const MOST_RUNS = 500;

/** What a step multiplies, forward and backward; `t` marks an operand that is read transposed. */
type Kind = "a·b" | "at·b" | "a·bt" | "relu(a·b + bias)" | "masked a·bt";
const products: readonly (readonly [m: number, k: number, n: number, kind: Kind])[] = [
  [256, 256, 256, "a·b"],
  [512, 512, 512, "a·b"],
  [1024, 1024, 1024, "a·b"],
  [1024, 1024, 1024, "a·bt"],
  [128, 784, 256, "relu(a·b + bias)"],
  [128, 256, 256, "relu(a·b + bias)"],
  [128, 256, 10, "a·b"],
  [784, 128, 256, "at·b"],
  [256, 128, 256, "at·b"],
  [256, 128, 10, "at·b"],
  [128, 256, 256, "masked a·bt"],
  [128, 10, 256, "masked a·bt"],
  [1, 784, 256, "a·b"],
];

const functions: Readonly<Record<Kind, (a: Tensor, b: Tensor, bias: Tensor, mask: Tensor) => Tensor>> = {
  a·b: (a, b) => matmul(a, b),
  at·b: (a, b) => matmul(a.transpose(), b),
  a·bt: (a, b) => matmul(a, b.transpose()),
  "relu(a·b + bias)": (a, b, bias) => relu(matmul(a, b).add(bias)),
  "masked a·bt": (a, b, _bias, mask) => matmul(a, b.transpose()).mul(mask.greater(0).cast("float32")),
};

const values = (count: number): Float32Array => Float32Array.from({ length: count }, (_, i) => ((i * 37) % 101) / 101);
const matrix = (rows: number, columns: number): Tensor => tensor(values(rows * columns), { shape: [rows, columns] });

interface Measured {
  readonly flop: number;
  readonly run: () => void | Promise<void>;
  runs: number;
  milliseconds: number;
}

function product([m, k, n, kind]: (typeof products)[number]): Measured {
  const a = kind === "at·b" ? matrix(k, m) : matrix(m, k);
  const b = kind.endsWith("bt") ? matrix(n, k) : matrix(k, n);
  const [bias, mask] = [tensor(values(n)), matrix(m, n)];
  const step = compile(functions[kind]);
  const run = async () => (await step(a, b, bias, mask)).dispose();
  return { flop: 2 * m * k * n, run, runs: 0, milliseconds: 0 };
}

await setBackend("cpu-js");
const { relaxed } = features();
const ceiling: Measured = { ...microkernel(relaxed), runs: 0, milliseconds: 0 };
const measured = new Map([
  ["microkernel on packed panels", ceiling],
  ...products.map((p) => [`${p[0]}×${p[1]}×${p[2]} ${p[3]}`, product(p)] as const),
]);
for (const { run } of measured.values()) await run(); // compiles
for (let round = 0; round < ROUNDS; round++)
  for (const one of measured.values()) {
    const runs = Math.min(MOST_RUNS, Math.ceil(WORK / one.flop));
    const started = clock();
    for (let i = 0; i < runs; i++) await one.run();
    one.milliseconds += clock() - started;
    one.runs += runs;
  }

const rateOf = ({ flop, runs, milliseconds }: Measured): number => (runs * flop) / milliseconds / 1e6;
const peak = rateOf(ceiling);
const results = Object.fromEntries([...measured].map(([name, one]) => [name, rateOf(one)]));
console.log(`GFLOP/s, ${relaxed ? "relaxed" : "portable"} vector instructions, Node ${process.version}`);
for (const [name, rate] of Object.entries(results))
  console.log(`${name.padEnd(36)}${rate.toFixed(1).padStart(6)}${`${Math.round((100 * rate) / peak)} %`.padStart(8)}`);
if (process.argv.includes("--json"))
  await writeFile(
    new URL("cpu-js-matmul.json", import.meta.url),
    `${JSON.stringify({ node: process.version, relaxed, results }, null, 2)}\n`,
  );
