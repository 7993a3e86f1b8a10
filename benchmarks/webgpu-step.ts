/**
 * Training steps and matrix products on WebGPU in one headless Chromium, of this library and of two others, in turn: the
 * main job at batch 128, its loss read at every step, and squares of 256 and 512, read whole. Each line is the median of its
 * rounds; ratios are medians of those within a round, with their range, and ours is measured twice in each round as a control.
 * Beside the clock's time stands what Chromium's GPU process computed, which is where a software adapter works.
 *
 * npm run bench -- webgpu-step [--rounds N] [--json]
 *
 * The others' first losses must be ours to 1e-3, and their products too.
 */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { bundled, executable, launchChromium, serve } from "../packages/backend-webgpu/src/page.test-kit.ts";

const { values: options } = parseArgs({
  options: { rounds: { type: "string", default: "9" }, json: { type: "boolean", default: false } },
});

const SAME = 1e-3;
/** Steps whose losses are compared; they also compile. */
const FIRST = 5;
/** Runs of each job in a round: so many that a round of the fastest takes some 100 ms. */
const RUNS = new Map<What, number>([
  ["step", 4],
  [256, 6],
  [512, 2],
]);
type What = "step" | 256 | 512;
const CONTROL = "ours again";

interface Measured {
  /** Milliseconds of a run. */
  readonly clock: number;
  /** Milliseconds of a run that the GPU process computed, on all of its threads. */
  readonly computed: number;
}

if (executable === undefined) throw new Error("There is no Chromium: apt-get install chromium.");
const browser = await launchChromium();
const folder = fileURLToPath(new URL("webgpu-step", import.meta.url));
// isolated pages have clocks that count microseconds
const headers = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };
const { address, server } = await serve({ "/page.js": await bundled('export * from "./page.ts";', folder) }, headers);
const page = await browser.newPage();
page.on("pageerror", (error) => console.error(error));
await page.goto(address);
const system = await browser.newBrowserCDPSession();

/** What the page's program answers. */
const ask = <T>(name: string, ...args: readonly unknown[]): Promise<T> =>
  page.evaluate(`import("/page.js").then((page) => page.${name}(...${JSON.stringify(args)}))`);

/** Milliseconds that the GPU process has computed. */
async function computed(): Promise<number> {
  const { processInfo } = await system.send("SystemInfo.getProcessInfo");
  return 1000 * processInfo.find(({ type }) => type === "GPU")!.cpuTime;
}

function run(what: What, name: string, count: number): Promise<{ milliseconds: number; losses?: number[] }> {
  return what === "step" ? ask("steps", name, count) : ask("multiply", name, what, count);
}

async function measure(what: What, name: string): Promise<Measured> {
  const before = await computed();
  const runs = RUNS.get(what)!;
  const { milliseconds } = await run(what, name, runs);
  return { clock: milliseconds / runs, computed: ((await computed()) - before) / runs };
}

/** The first steps and products of each, which must come to the same. Milliseconds of the first step. */
async function checkSame(names: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const firsts = new Map<string, number>();
  const losses = new Map<string, readonly number[]>();
  for (const name of names) {
    const first = await ask<{ losses: number[]; milliseconds: number }>("steps", name, 1);
    firsts.set(name, first.milliseconds);
    const { losses: more } = await ask<{ losses: number[] }>("steps", name, FIRST - 1);
    losses.set(name, [...first.losses, ...more]);
  }
  compare("losses", losses);
  for (const n of [256, 512]) {
    const products = new Map<string, readonly number[]>();
    for (const name of names) products.set(name, (await ask<{ some: number[] }>("multiply", name, n, 1)).some);
    compare(`products of ${n}`, products);
  }
  return firsts;
}

/** Throws where a side's numbers differ from ours by more than a thousandth. */
function compare(what: string, found: ReadonlyMap<string, readonly number[]>): void {
  const [ours] = found.values();
  for (const [name, numbers] of found)
    if (!numbers.every((x, i) => Math.abs(x - ours![i]!) <= SAME * Math.max(1, Math.abs(ours![i]!))))
      throw new Error(`${name}'s ${what} are ${numbers.join(", ")} where ours are ${ours!.join(", ")}.`);
}

const median = (list: readonly number[]): number => list.toSorted((a, b) => a - b)[list.length >> 1]!;

/** Numbers of one measure by side and round as what is told of them. */
function summary(rounds: readonly ReadonlyMap<string, Measured>[], name: string, measure: keyof Measured) {
  const own = rounds.map((round) => round.get(name)![measure]);
  const ratios = rounds.map((round, i) => own[i]! / round.get("ours")![measure]);
  return { milliseconds: median(own), ratio: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios) };
}

try {
  const names = await ask<readonly string[]>("begin");
  const firsts = await checkSame(names);
  const order = [...names, CONTROL];
  const results = new Map<
    What,
    Readonly<Record<string, Readonly<Record<keyof Measured, ReturnType<typeof summary>>>>>
  >();
  for (const what of RUNS.keys()) {
    const rounds: ReadonlyMap<string, Measured>[] = [];
    for (let round = 0; round <= Number(options.rounds); round++) {
      const measured = new Map<string, Measured>();
      // each begins a round in turn, so that none is always after the same other
      for (const [i] of order.entries()) {
        const name = order[(i + round) % order.length]!;
        measured.set(name, await measure(what, name === CONTROL ? "ours" : name));
      }
      if (round > 0) rounds.push(measured); // the first warms up
    }
    const told = (name: string) => ({
      clock: summary(rounds, name, "clock"),
      computed: summary(rounds, name, "computed"),
    });
    results.set(what, Object.fromEntries(order.map((name) => [name, told(name)])));
  }
  console.log(`Chromium ${browser.version()}, SwiftShader, Node ${process.version}, ${options.rounds} rounds`);
  const cell = (text: string): string => text.padStart(22);
  console.log("".padEnd(24) + ["ms", "times ours (range)", "computed, ms", "times ours (range)"].map(cell).join(""));
  for (const [what, sides] of results) {
    console.log(what === "step" ? "a step of 128" : `product of ${what} × ${what}`);
    for (const [name, { clock, computed }] of Object.entries(sides)) {
      const cells = [clock, computed].flatMap(({ milliseconds, ratio, least, most }) => [
        milliseconds.toFixed(1),
        `${ratio.toFixed(2)} (${least.toFixed(2)}–${most.toFixed(2)})`,
      ]);
      console.log(`  ${name}`.padEnd(24) + cells.map(cell).join(""));
    }
  }
  console.log(`the first step, ms: ${[...firsts].map(([name, ms]) => `${name} ${ms.toFixed(0)}`).join(", ")}`);
  if (options.json)
    await writeFile(
      new URL("webgpu-step.json", import.meta.url),
      `${JSON.stringify({ node: process.version, chromium: browser.version(), firsts: Object.fromEntries(firsts), results: Object.fromEntries(results) }, null, 2)}\n`,
    );
} finally {
  await browser.close();
  server.close();
}
