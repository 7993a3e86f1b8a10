import {
  type Elements,
  Fn,
  foldIn,
  input,
  randomBernoulli,
  randomBits,
  randomNormal,
  randomUniform,
  splitKey,
  type Tensor,
} from "@tenon/ir";
import { runOn } from "./bench.ts";
import { agrees, type Check, type Kit } from "./check.ts";
import { argumentsOf, programs, recorded } from "./programs.ts";
import { graphOf } from "./vector-cases.ts";

const keys: readonly (readonly [number, number])[] = [
  [0, 0],
  [7, 2 ** 32 - 9],
  [0xffffffff, 0xffffffff],
  [0x13198a2e, 0x03707344],
];

/** threefry2x32-20 of key (0, 0) and counter (0, 0), by its authors: Salmon et al. 2011, Random123's known answers. */
const FIRST_WORD = 0x6b200159;

const keyOf = (words: readonly number[]): Elements => ({ dtype: "uint32", shape: [2], data: Float64Array.from(words) });

/** Item 5: random bits are the same on every backend, and two runs give the same bits. */
export function* randomNumbers(kit: Kit): Generator<Check> {
  const sizes: readonly (readonly number[])[] = [[], [0], [5], [3, 7], kit.profile === "full" ? [300_000] : [20_000]];
  const functions: readonly (readonly [op: string, draw: (key: Tensor) => readonly Tensor[]])[] = [
    ...sizes.map((shape) => [`rng.bits`, (key: Tensor) => [randomBits(key, shape)]] as const),
    ["rng.uniform", (key) => [randomUniform(key, [501])]],
    ["rng.uniform", (key) => [randomUniform(key, [33], { low: -3, high: 5 })]],
    ["rng.bernoulli", (key) => [randomBernoulli(key, 0.3, [257])]],
    ["rng.normal", (key) => [randomNormal(key, [301])]],
    [
      "rng.split",
      (key) => [
        splitKey(key, 5),
        randomBits(
          splitKey(key)
            .slice({ start: [1, 0] })
            .reshape([2]),
          [9],
        ),
      ],
    ],
    ["rng.fold_in", (key) => [foldIn(key, 3), foldIn(key, 4_000_000_000)]],
  ];
  for (const words of keys) {
    for (const [op, record] of functions) {
      const { inputs, results, args } = graphOf([keyOf(words)], ([key]) => record(key!));
      yield {
        op,
        dtype: "uint32",
        case: `key ${words.join(" ")}, ${results.map((y) => `${y.dtype} [${y.shape.join(", ")}]`).join(", ")}`,
        run: () => agrees(kit, inputs, results, args),
      };
    }
  }
  yield { op: "rng.bits", dtype: "uint32", case: "the published first word", run: () => firstWord(kit) };
  yield { op: "rng.bits", dtype: "uint32", case: "a word depends on its place alone", run: () => prefix(kit) };
  for (const program of programs)
    yield { op: program.name, dtype: "float32", case: "the same bits in every run", run: () => repeated(kit, program) };
}

async function bits({ backend }: Kit, words: readonly number[], shape: readonly number[]): Promise<Float64Array> {
  const key = input({ dtype: "uint32", shape: [2] });
  const [found] = await runOn(backend, new Fn("fn", [key], [randomBits(key, shape)]), [keyOf(words)]);
  return found!.data;
}

async function firstWord(kit: Kit): Promise<readonly string[]> {
  const [word] = await bits(kit, [0, 0], [3]);
  return word === FIRST_WORD ? [] : [`the first word is ${word?.toString(16)}, not ${FIRST_WORD.toString(16)}`];
}

async function prefix(kit: Kit): Promise<readonly string[]> {
  const [short, long] = [await bits(kit, [1, 2], [6]), await bits(kit, [1, 2], [40, 3])];
  return [...short].every((word, i) => word === long[i]) ? [] : ["the first words of 120 are not those of 6"];
}

/** Bits of two compilations, of two runs each, where the backend is asked to be deterministic. */
async function repeated({ backend, seed }: Kit, program: (typeof programs)[number]): Promise<readonly string[]> {
  const { inputs, results, args } = graphOf(argumentsOf(program, 65, seed), (xs) => recorded(program, xs));
  const fn = new Fn("fn", inputs, results);
  const options = { deterministic: true };
  const first = await runOn(backend, fn, args, { options, repeat: 2 });
  const again = await runOn(backend, fn, args, { options, repeat: 2 });
  const count = results.length;
  return [...first.slice(count), ...again].flatMap(({ data }, n) => {
    const at = data.findIndex((x, i) => !Object.is(x, first[n % count]!.data[i]));
    return at < 0
      ? []
      : [
          `run ${1 + Math.floor((n + count) / count)}: result ${n % count} at ${at} is ${data[at]}, and was ${first[n % count]!.data[at]}`,
        ];
  });
}
