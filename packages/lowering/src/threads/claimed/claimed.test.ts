import { Draw, expectedResults, problemsOf } from "@tenon/conformance";
import { evaluateTensors } from "@tenon/interpreter";
import {
  attention,
  conv,
  decodeElements,
  type Elements,
  Fn,
  input,
  relu,
  type Tensor,
  type TensorType,
} from "@tenon/ir";
import { expect, test } from "vitest";
import { vjp } from "../../../../autograd/src/index.ts";
import { evaluateIndex } from "../../index-fold.ts";
import { evaluateKernel } from "../../kernel/evaluate.test-kit.ts";
import { Memory } from "../../kernel/evaluate-memory.test-kit.ts";
import { withParts } from "../../late.ts";
import { programOf } from "../../lower/lower.test-kit.ts";
import { threadedAs } from "../run.test-kit.ts";
import { renderClaimed, threadClaims } from "./claimed.ts";

/** The results of a function of known sizes, its claimed composites by threads; and how many of these there were. */
async function byThreads(fn: Fn, args: readonly Elements[]) {
  const program = await withParts(() => programOf(fn, { claims: threadClaims }));
  const memories = program.buffers.map(({ dtype, elements, place }) => {
    if (place.kind === "input") return new Memory(dtype, args[place.index]!.data.slice());
    if (place.kind === "constant") return new Memory(dtype, decodeElements(dtype, place.data));
    return Memory.poisoned(dtype, evaluateIndex(elements, new Map()));
  });
  let claimed = 0;
  for (const item of program.items) {
    if (item.kind !== "launch") throw new Error(`a ${item.kind} has come up`);
    const kernel = program.kernels[item.kernel]!;
    for (const { buffers } of item.instances) {
      const own = buffers.map((b) => memories[b]!);
      if (kernel.kind !== "claimed") evaluateKernel(kernel, [{ memories: own, scalars: [] }]);
      else {
        claimed++;
        const after = threadedAs(kernel, (language) => renderClaimed(kernel, language))(own, []);
        for (const [i, { data }] of after.entries()) own[i]!.data.set(data);
      }
    }
  }
  const results = fn.results.map(({ dtype, shape }, r) => {
    const at = program.buffers.findIndex(({ place }) => place.kind === "result" && place.index === r);
    return { dtype, shape: shape as readonly number[], data: memories[at]!.data };
  });
  return { results, claimed };
}

/** What is wrong with the results of a function on drawn arguments. */
async function problems(
  draw: Draw,
  types: readonly TensorType[],
  body: (...xs: Tensor[]) => readonly Tensor[],
  wanted = 1,
) {
  const inputs = types.map((type) => input(type));
  const args = types.map(({ dtype, shape }) => draw.elements({ dtype, shape: shape as readonly number[] }));
  const fn = new Fn("main", inputs, body(...inputs));
  const expected = expectedResults(
    fn.results,
    new Map(inputs.map((t, i) => [t, args[i]!])),
    evaluateTensors,
    "portable",
  );
  const { results, claimed } = await byThreads(fn, args);
  expect(claimed).toBeGreaterThanOrEqual(wanted);
  return problemsOf(expected, results);
}

const f32 = (...shape: number[]): TensorType => ({ dtype: "float32", shape });

test("convolutions and their gradients, by threads, are those of the decomposition", async () => {
  for (let seed = 1; seed <= 25; seed++) {
    const draw = new Draw(seed, "conv");
    const axes = draw.pick([1, 2, 2, 2, 3]);
    const groups = draw.pick([1, 1, 2, 3]);
    const each = (low: number, high: number) => Array.from({ length: axes }, () => draw.integer(low, high));
    const [kernel, stride, dilation] = [each(1, 3), each(1, 2), each(1, 2)];
    const options = { stride, dilation, groups, padding: draw.pick(["valid", "same", 1] as const) };
    const x = f32(draw.integer(1, 3), ...each(5, 7), groups * draw.integer(1, 3));
    const w = f32(...kernel, (x.shape.at(-1) as number) / groups, groups * draw.integer(1, 9));
    const found = await problems(draw, [x, w], (a, b) => {
      const [y, pull] = vjp((p: Tensor, q: Tensor) => relu(conv(p, q, options)), a, b);
      return [y, ...(pull(y.mul(y)) as Tensor[])];
    });
    expect(found, `seed ${seed}: ${JSON.stringify({ x: x.shape, w: w.shape, ...options })}`).toEqual([]);
  }
});

test("attention by threads, one query each, and its derivative, are those of the decomposition", async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const draw = new Draw(seed, "attention");
    const [b, t, s, heads, d, e] = [1, 1, 1, 1, 1, 1].map(() => draw.integer(1, 5)) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const share = draw.integer(1, 3);
    const [isMasked, isBiased, causal] = [draw.chance(0.5), draw.chance(0.3), draw.chance(0.5)];
    const mask: TensorType = { dtype: "bool", shape: [draw.pick([1, b]), 1, t, s] };
    const types = [
      f32(b, t, heads * share, d),
      f32(b, s, heads, d),
      f32(b, s, heads, e),
      ...(isMasked ? [mask] : []),
      ...(isBiased ? [f32(1, heads * share, 1, s)] : []),
    ];
    const body = (...[q, k, v, ...extras]: Tensor[]): readonly Tensor[] => {
      const options = {
        ...{ causal },
        ...(isMasked && { mask: extras[0]! }),
        ...(isBiased && { bias: extras.at(-1)! }),
      };
      const [y, pull] = vjp((...xs: Tensor[]) => attention(xs[0]!, xs[1]!, xs[2]!, options).mul(2), q!, k!, v!);
      return [y, ...(pull(y.mul(y)) as Tensor[])];
    };
    const found = await problems(draw, types, body, isBiased ? 1 : 2);
    expect(found, `seed ${seed}: ${JSON.stringify(types)}`).toEqual([]);
  }
});
