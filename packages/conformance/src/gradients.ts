import { backward } from "@tenon/autograd";
import { input, isFloat, splat, type Tensor } from "@tenon/ir";
import { allSamples, materialize } from "@tenon/ir/samples";
import { agrees, type Check, drawOf, dtypesOf, type Kit } from "./check.ts";
import { argumentsOf, programs, recorded } from "./programs.ts";
import { randomGraph } from "./random-graph.ts";
import { type Graph, graphOf } from "./vector-cases.ts";

/** Item 4: derivatives computed by the backend are those that the reference computes. */
export function* gradients(kit: Kit): Generator<Check> {
  const seen = new Map<string, number>();
  for (const sample of allSamples()) {
    if (!sample.differentiable || sample.operands.every(({ dtype }) => !isFloat(dtype))) continue;
    const before = seen.get(sample.name) ?? 0;
    if (kit.profile === "quick" && before >= QUICK_SAMPLES) continue;
    seen.set(sample.name, before + 1);
    yield {
      op: sample.name,
      dtype: dtypesOf(sample.operands),
      case: `sample ${sample.index}`,
      run: () => derivativesAgree(kit, graphOf(materialize(sample), sample.record)),
    };
  }
  for (const program of programs) {
    if (program.parameters === undefined) continue;
    yield { op: program.name, dtype: "float32", case: "value and gradients", run: () => lossAgrees(kit, program) };
  }
  const count = kit.profile === "full" ? 300 : 10;
  for (let index = 0; index < count; index++) {
    const graph = randomGraph(drawOf(kit, `gradients ${index}`), { smooth: true });
    yield {
      op: "random graph",
      dtype: dtypesOf(graph.args),
      case: String(index),
      run: () => derivativesAgree(kit, graph),
    };
  }
}

const QUICK_SAMPLES = 2;

/** Results and cotangents of the float operands, for random cotangents of the float results. */
async function derivativesAgree(kit: Kit, { inputs, results, args }: Graph): Promise<readonly string[]> {
  const draw = drawOf(kit, "cotangents");
  const seeds = results.map((y) => (isFloat(y.dtype) ? input(y) : null));
  const given = seeds.filter((dy) => dy !== null);
  const { outputs, gradients } = backward(results, inputs, seeds);
  const found = [...outputs, ...gradients.filter((dx) => dx !== null)];
  const cotangents = given.map(({ dtype, shape }) => draw.elements({ dtype, shape: shape as readonly number[] }));
  return agrees(kit, [...inputs, ...given], found, [...args, ...cotangents]);
}

async function lossAgrees(kit: Kit, program: (typeof programs)[number]): Promise<readonly string[]> {
  const { inputs, results, args } = graphOf(argumentsOf(program, 6, kit.seed), (xs) => recorded(program, xs));
  const loss = results[0]!.sum();
  const parameters = program.parameters!.map((i): Tensor => inputs[i]!);
  const { outputs, gradients } = backward([loss], parameters, [splat(1, [], "float32")]);
  return agrees(
    kit,
    inputs,
    [...outputs, ...gradients.map((g, i) => g ?? splat(0, parameters[i]!.shape, "float32"))],
    args,
  );
}
