import { backward } from "@tenon/autograd";
import type { Backend, Buffer } from "@tenon/backend";
import { interpreter } from "@tenon/interpreter";
import {
  composite,
  decodeElements,
  encodeElements,
  Fn,
  input,
  pow,
  splat,
  sub,
  type Tensor,
  type TensorType,
  withTrace,
} from "@tenon/ir";
import { compileOn } from "./bench.ts";
import type { Check, Kit } from "./check.ts";
import { Draw } from "./draw.ts";
import { batchSymbol } from "./programs.ts";
import { type Band, firstOutside, lossBand, ulp } from "./tolerance.ts";
import {
  batchOf,
  initialParameters,
  parameterTypes,
  type TrainingProgram,
  trainingPrograms,
} from "./training-programs.ts";

const SIZE = 12;
/** Every fifth batch is a smaller one, as the last of an epoch is: it goes through the same program. */
const SMALL = { every: 5, size: 7 };
/** The run itself and four whose parameters start one unit in the last place away. */
const RUNS = 5;

/** How a network is trained. */
export interface TrainingRun {
  readonly steps: number;
  readonly seed: number;
  /** Examples in most batches; 12 by default. */
  readonly size?: number;
}

/** Item 9: networks learn, step by step within the band of the reference. */
export function* training(kit: Kit): Generator<Check> {
  const { steps } = kit;
  for (const program of trainingPrograms)
    yield {
      ...{ op: program.name, dtype: "float32", case: `${steps} steps of Adam in the band of the reference` },
      run: () => trains(kit, program, steps),
    };
}

async function trains({ backend, seed }: Kit, program: TrainingProgram, steps: number): Promise<readonly string[]> {
  const losses = await lossesOf(backend, program, initialParameters(program, seed), { steps, seed });
  const band = await referenceBand(program, { steps, seed });
  const at = firstOutside(band, losses);
  if (at === undefined) return [];
  return [`the loss of step ${at} is ${losses[at]}, not ${band.reference[at]} ± ${band.width[at]!.toPrecision(3)}`];
}

/** The band of the interpreter's losses. */
export async function referenceBand(program: TrainingProgram, options: TrainingRun): Promise<Band> {
  const runs: number[][] = [];
  const reference = await interpreter().create();
  for (let run = 0; run < RUNS; run++) {
    const draw = new Draw(run, `${program.name} perturbed`);
    const started = initialParameters(program, options.seed).map((values) =>
      run === 0 ? values : values.map((x) => x + (draw.chance(0.5) ? 1 : -1) * ulp("float32", x)),
    );
    runs.push(await lossesOf(reference, program, started, options));
  }
  await reference.close();
  return lossBand(runs);
}

/** The loss of each step, from the given parameters. */
export async function lossesOf(
  backend: Backend,
  program: TrainingProgram,
  parameters: readonly Float32Array[],
  { steps, seed, size: most = SIZE }: TrainingRun,
): Promise<number[]> {
  const executable = await compileOn(
    backend,
    withTrace(() => trainingStep(program)),
  );
  const bufferOf = (bytes: Uint8Array): Buffer => {
    const buffer = backend.alloc(bytes.byteLength);
    backend.write(buffer, bytes);
    return buffer;
  };
  const bytes = parameters.map((values) => encodeElements("float32", Float64Array.from(values)));
  const zeros = bytes.map(({ byteLength }) => new Uint8Array(byteLength));
  let state: readonly Buffer[] = [...bytes, ...zeros, ...zeros, new Uint8Array(4)].map(bufferOf);
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const size = step % SMALL.every === SMALL.every - 1 ? SMALL.size : most;
    const batch = batchOf(program, size, step, seed).map(({ dtype, data }) => bufferOf(encodeElements(dtype, data)));
    const [loss, ...next] = executable.run([...state, ...batch], { dims: { B: size } });
    state = next;
    losses.push(decodeElements("float32", await backend.read(loss!))[0]!);
    for (const buffer of [...batch, loss!]) buffer.release();
  }
  for (const buffer of state) buffer.release();
  executable.dispose();
  return losses;
}

/** (parameters, means, variances, count, batch) → (loss, parameters, means, variances, count), in place. */
function trainingStep(program: TrainingProgram): Fn {
  const types = parameterTypes(program);
  const [params, means, variances] = [0, 1, 2].map(() => types.map((type) => input(type))) as [
    Tensor[],
    Tensor[],
    Tensor[],
  ];
  const count = input({ dtype: "int32", shape: [] } satisfies TensorType);
  const batch = program.batch(batchSymbol()).map((type) => input(type));
  const named = Object.fromEntries(Object.keys(program.parameters).map((name, i) => [name, params[i]!]));
  const { outputs, gradients } = backward([program.loss(named, batch)], params, [splat(1, [], "float32")]);
  const step = count.add(1);
  const updated = params.map((p, i) => {
    const args = [p, gradients[i] ?? splat(0, p.shape, "float32"), means[i]!, variances[i]!, step];
    return program.foreign === true ? composite({ name: "acme.adam", version: 1 }, adam, args) : adam(...args);
  });
  const state = [...params, ...means, ...variances, count];
  const next = [...[0, 1, 2].flatMap((part) => updated.map((parts) => parts[part]!)), step];
  return new Fn(
    "step",
    [...state, ...batch],
    [outputs[0]!, ...next],
    state.map((_, i) => i + 1),
  );
}

/** Kingma & Ba 2015, arXiv:1412.6980, algorithm 1. */
function adam(...[p, g, m, v, step]: Tensor[]): readonly Tensor[] {
  const [rate, beta1, beta2, eps] = [0.01, 0.9, 0.999, 1e-8];
  const mean = m!.mul(beta1).add(g!.mul(1 - beta1));
  const variance = v!.mul(beta2).add(g!.square().mul(1 - beta2));
  const scaled = variance
    .div(sub(1, pow(beta2, step!)))
    .sqrt()
    .add(eps);
  return [
    p!.sub(
      mean
        .div(sub(1, pow(beta1, step!)))
        .div(scaled)
        .mul(rate),
    ),
    mean,
    variance,
  ];
}
