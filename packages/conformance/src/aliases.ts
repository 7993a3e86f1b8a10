import type { Buffer } from "@tenon/backend";
import {
  add,
  type ConcreteType,
  concat,
  type Elements,
  encodeElements,
  Fn,
  input,
  matmul,
  mul,
  scatter,
  type Tensor,
} from "@tenon/ir";
import { compileOn, download, runWith, upload } from "./bench.ts";
import { type Check, drawOf, type Kit, valuesOf } from "./check.ts";
import { expectedResults, problemsOf } from "./judge.ts";

/** Inputs of which some give their buffer to a result. */
interface Aliased {
  readonly name: string;
  readonly types: readonly ConcreteType[];
  readonly record: (xs: readonly Tensor[]) => readonly Tensor[];
  /** By input: the result that is written into its buffer. */
  readonly aliases: readonly (number | undefined)[];
}

const f32 = (...shape: number[]): ConcreteType => ({ dtype: "float32", shape });
const square = f32(6, 6);

/** Ways in which writing in place goes wrong where a value is still to be read. */
const cases: readonly Aliased[] = [
  { name: "an update in place", types: [square, square], aliases: [0], record: ([w, x]) => [add(w!, x!)] },
  {
    name: "the old value is read by another result",
    types: [square, square],
    aliases: [0],
    record: ([w, x]) => [add(w!, x!), mul(w!, x!).sum(), w!.reverse()],
  },
  { name: "two buffers change places", types: [square, square], aliases: [1, 0], record: ([a, b]) => [a!, b!] },
  {
    name: "two updates of each other",
    types: [square, square],
    aliases: [1, 0],
    record: ([a, b]) => [a!.add(b!), a!.sub(b!)],
  },
  {
    name: "three buffers in a circle",
    types: [square, square, square],
    aliases: [1, 2, 0],
    record: ([a, b, c]) => [a!.mul(2), b!.mul(3), c!.mul(5)],
  },
  { name: "the argument itself", types: [square], aliases: [0], record: ([w]) => [w!] },
  {
    name: "the argument itself, which is also another result",
    types: [square, square],
    aliases: [0],
    record: ([w, x]) => [w!, w!, x!],
  },
  { name: "another argument", types: [square, square], aliases: [0], record: ([_w, x]) => [x!] },
  { name: "transposed in place", types: [square], aliases: [0], record: ([w]) => [w!.transpose()] },
  { name: "reversed in place", types: [square], aliases: [0], record: ([w]) => [w!.reverse().add(1)] },
  {
    name: "shifted in place",
    types: [square],
    aliases: [0],
    record: ([w]) => [concat([w!.slice({ start: [5] }), w!.slice({ limit: [5] })], { axis: 0 })],
  },
  { name: "multiplied with itself in place", types: [square], aliases: [0], record: ([w]) => [matmul(w!, w!)] },
  {
    name: "normalised in place",
    types: [square],
    aliases: [0],
    record: ([w]) => [w!.sub(w!.max({ axis: 1, keepDims: true })).div(w!.abs().sum({ axis: 0 }).add(1))],
  },
  {
    name: "looked up in place",
    types: [square, { dtype: "int32", shape: [6] }],
    aliases: [0],
    record: ([w, i]) => [w!.take(i!.abs().rem(6), { axis: 0 })],
  },
  {
    name: "scattered in place",
    types: [square, { dtype: "int32", shape: [4] }, f32(4, 6)],
    aliases: [0],
    record: ([w, i, u]) => [scatter(w!, i!, u!.add(w!.slice({ limit: [4] })), { axis: 0 })],
  },
  {
    name: "updates of weights and slots from one gradient",
    types: [f32(1, 6), f32(1, 6), f32(6, 4), f32(1, 4)],
    aliases: [1, 2],
    record: ([w, m, x, y]) => {
      const gradient = matmul(matmul(w!, x!).sub(y!), x!.transpose());
      const momentum = m!.mul(0.9).add(gradient);
      return [gradient.square().sum(), w!.sub(momentum.mul(0.1)), momentum];
    },
  },
];

export function* aliasChecks(kit: Kit): Generator<Check> {
  for (const one of cases) yield { op: "alias", dtype: "float32", case: one.name, run: () => honoured(kit, one) };
}

/** Two runs, the second on what the first left in the buffers. */
async function honoured(kit: Kit, { name, types, record, aliases }: Aliased): Promise<readonly string[]> {
  const { backend, evaluate, level } = kit;
  const draw = drawOf(kit, name);
  const inputs = types.map((type) => input(type));
  const results = record(inputs);
  const executable = await compileOn(backend, new Fn("fn", inputs, results, aliases));
  let args = types.map((type) => draw.elements(type));
  const buffers: Buffer[] = args.map((x) => upload(backend, x));
  const held = new Set(buffers);
  const problems: string[] = [];
  for (const round of ["first", "second"]) {
    const found = runWith(executable, args, buffers);
    for (const buffer of found) held.add(buffer);
    const own = new Set(found);
    if (own.size < found.length) problems.push(`${round} run: two results have one buffer`);
    aliases.forEach((result, i) => {
      if (result !== undefined && found[result] !== buffers[i])
        problems.push(`${round} run: result ${result} is not the buffer of input ${i}`);
    });
    const values = await download(backend, executable, args, found);
    const expected = expectedResults(results, valuesOf(inputs, args), evaluate, level);
    problems.push(...problemsOf(expected, values).map((problem) => `${round} run: ${problem}`));
    const kept = args.filter((_, i) => aliases[i] === undefined);
    const now = await Promise.all(
      buffers.filter((_, i) => aliases[i] === undefined).map((buffer) => backend.read(buffer)),
    );
    now.forEach((bytes, i) => {
      if (!sameElements(bytes, kept[i]!)) problems.push(`${round} run: an argument that is no alias was changed`);
    });
    args = args.map((x, i) => (aliases[i] === undefined ? x : values[aliases[i]]!));
  }
  for (const buffer of held) buffer.release();
  executable.dispose();
  return problems;
}

function sameElements(bytes: Uint8Array, { dtype, data }: Elements): boolean {
  const before = encodeElements(dtype, data);
  return before.every((byte, i) => byte === bytes[i]);
}
