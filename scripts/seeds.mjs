/**
 * An example with seeds 0, 1 and 2, one after the other, and the median of a figure: `npm run seeds -- mnist-cnn accuracy [options…]`.
 *
 * The data are those that the program finds, so that `TENON_DATA` has to lead to the real ones.
 */
import { spawn } from "node:child_process";
import { workspaceNode } from "./child.mjs";
import { root } from "./workspace.mjs";

const SEEDS = [0, 1, 2];

const [name = "", figure = "", ...options] = process.argv.slice(2);

/** The results of one run, and how many seconds it took. */
async function run(/** @type {number} */ seed) {
  const began = performance.now();
  const args = [`examples/${name}/main.ts`, "--json", "--seed", String(seed), ...options];
  const child = spawn(workspaceNode(), args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    output += text;
  });
  await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  const last = output.trimEnd().split("\n").at(-1) ?? "";
  const results = /** @type {Record<string, unknown>} */ (JSON.parse(last));
  return { results, seconds: Math.round((performance.now() - began) / 1000) };
}

const values = [];
for (const seed of SEEDS) {
  const { results, seconds } = await run(seed);
  values.push(Number(results[figure]));
  console.log(
    `seed ${seed}: ${figure} ${results[figure]}, ${results.reached ? "reached" : "not reached"}, ${seconds} s`,
  );
}
console.log(`median ${values.sort((a, b) => a - b)[1]} of ${name}`);
