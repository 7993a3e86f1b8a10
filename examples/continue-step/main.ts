/**
 * A training step is a file: this program trains a network, saves the step, and has another program go on with it. That one knows
 * nothing of layers, losses and optimizers, and its losses are the same to the last bit.
 *
 * npm run example -- continue-step [--steps N] [--seed N] [--backend ID] [--json]
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { moons } from "@tenon/datasets";
import { dense, sequential } from "@tenon/layers";
import { sparseCategoricalCrossEntropy } from "@tenon/losses";
import { adam } from "@tenon/optimizers";
import { compile, key, spec, type Tensor, valueAndGrad } from "@tenon/tensor";
import { start } from "../shared/start.ts";

const { steps, seed, backend, check } = await start("continue-step", { steps: 20 });
const data = moons({ count: 400, seed });

const net = sequential([dense(32, { activation: "relu" }), dense(2)]);
net.build({ key: key(seed), inputs: spec(["B", 2]) });
const optimizer = adam({ learningRate: 0.01 }).bind(net);
const step = compile(
  (x: Tensor, y: Tensor) => {
    const [loss, grads] = valueAndGrad(() => sparseCategoricalCrossEntropy(net.call(x), y).mean(), net);
    optimizer.apply(grads);
    return loss;
  },
  { inputs: [spec(["B", 2]), spec(["B"], "int32")] },
);

const { x, y } = data.tensors();
for (let i = 0; i < steps; i++) await step(x, y);

const folder = await mkdtemp(join(tmpdir(), "continue-step-"));
try {
  // The program, the weights, the moments of Adam and its count of steps, in one file.
  const file = join(folder, "step.tenon");
  await writeFile(file, await step.save());
  const examples = join(folder, "examples.json");
  await writeFile(examples, JSON.stringify({ x: Array.from(data.x.data), y: Array.from(data.y.data) }));

  const other = fileURLToPath(new URL("go-on.ts", import.meta.url));
  const output = await promisify(execFile)(process.execPath, [other, file, examples, String(steps), backend]);
  const there = JSON.parse(output.stdout) as number[];
  const here: number[] = [];
  for (let i = 0; i < steps; i++) here.push(await (await step(x, y)).item());

  console.log(
    `after ${steps} steps, the next losses\n  here   ${here.slice(0, 4).join(" ")} …\n  there  ${there.slice(0, 4).join(" ")} …`,
  );
  const equal = here.length === there.length && here.every((loss, i) => Object.is(loss, there[i]));
  check(equal, `${steps} more steps by another program give equal losses, bit for bit`, { steps, loss: here.at(-1) });
} finally {
  await rm(folder, { recursive: true });
}
