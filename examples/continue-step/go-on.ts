/**
 * Goes on with a training step that another program has saved, and prints the loss of each step as a JSON list. All it needs is
 * @tenon/tensor and a backend.
 *
 * node go-on.ts STEP.tenon EXAMPLES.json STEPS BACKEND
 */
import { readFile } from "node:fs/promises";
import { loadStep, tensor } from "@tenon/tensor";

const [file, examples, steps, backend] = process.argv.slice(2);
if (backend === undefined) {
  console.error("usage: go-on.ts STEP.tenon EXAMPLES.json STEPS BACKEND; main.ts starts it so.");
  process.exit(2);
}
const step = await loadStep(await readFile(file!), { backend });
const { x, y } = JSON.parse(await readFile(examples!, "utf8")) as { x: number[]; y: number[] };
const inputs = tensor(x, { shape: [y.length, x.length / y.length] });
const labels = tensor(y, { dtype: "int32" });
const losses: number[] = [];
for (let i = 0; i < Number(steps); i++) losses.push(await (await step(inputs, labels)).item());
console.log(JSON.stringify(losses));
