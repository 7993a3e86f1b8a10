/**
 * What becomes of a function: a graph that can be printed, differentiated, saved, loaded, run, and turned into kernels.
 *
 * npm run example -- ir-tour [--backend ID] [--json]
 */
import { cpuJs } from "@tenon/backend-cpu-js";
import { moduleFromBinary, moduleToBinary } from "@tenon/ir/binary";
import { printModule } from "@tenon/ir/text";
import { verify } from "@tenon/ir/verify";
import { kernelsOf } from "@tenon/lowering";
import { kernelText } from "@tenon/lowering/text";
import {
  compile,
  grad,
  loadStep,
  matmul,
  spec,
  structuralHash,
  type Tensor,
  tensor,
  valueAndGrad,
  variable,
} from "@tenon/tensor";
import { start } from "../shared/start.ts";

const { check } = await start("ir-tour", {});
const title = (text: string): void => console.log(`\n── ${text} ${"─".repeat(Math.max(0, 100 - text.length))}\n`);

title("1. A function, traced: it is called once with tensors that have types and no values");
const f = (x: Tensor): Tensor => x.tanh().mul(x).sum();
console.log(printModule(compile(f, { inputs: [spec([3])], name: "f" }).trace()));

title("2. Its gradient is a graph of the same ops");
console.log(printModule(compile(grad(f), { inputs: [spec([3])], name: "gradient" }).trace()));

title("3. A training step: forward, backward and update are one program, for any number B of rows");
const weight = variable(tensor([[0.5], [-0.5]]), { name: "weight" });
const step = compile(
  (x: Tensor, y: Tensor) => {
    const [loss, gradient] = valueAndGrad(() => matmul(x, weight.value).sub(y).square().mean(), weight);
    weight.assign(weight.value.sub(gradient.mul(0.1)));
    return loss;
  },
  { inputs: [spec(["B", 2]), spec(["B", 1])], name: "train" },
);
const module = step.trace();
console.log(printModule(module));
console.log("The Variable is an argument; the result that replaces it may be written in its place (alias).");

title("4. The same program as bytes, and back");
const bytes = moduleToBinary(module);
const again = verify(moduleFromBinary(bytes)); // nothing runs that is not verified, wherever it came from
const same = structuralHash(again) === structuralHash(module);
console.log(
  `${bytes.length} bytes; read back it has ${same ? "the same" : "ANOTHER"} hash, ${structuralHash(again).slice(0, 16)}…`,
);

title("5. With the values of its Variables it is a file: a step that goes on elsewhere");
const x = tensor([1, 0, 0, 1, 1, 1], { shape: [3, 2] });
const y = tensor([2, -1, 1], { shape: [3, 1] });
const file = await step.save();
const loaded = await loadStep(file);
const [here, there] = [await (await step(x, y)).item(), await (await loaded(x, y)).item()];
console.log(`${file.length} bytes; the next loss is ${here} here and ${there} from the file`);

title("6. What the CPU runs: kernels, loops over memory");
const cpu = await cpuJs().create();
const executable = await cpu.compile(module, "train");
const kernels = kernelsOf(executable);
console.log(kernels.map(kernelText).join("\n\n"));
console.log(
  `\n${kernels.length} kernels for ${module.functions[0]!.ops.length} ops. TENON_DEBUG=kernels shows those of any program.`,
);
await cpu.close();

check(same && here === there, "hashes and losses are equal", {
  moduleBytes: bytes.length,
  kernels: kernels.length,
  loss: here,
});
