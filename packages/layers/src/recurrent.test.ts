import "@tenon/interpreter";
import {
  dense,
  embedding,
  gru,
  lstm,
  masking,
  maskOf,
  type Recurrent,
  resetState,
  sequential,
  simpleRNN,
  summarize,
  withMask,
} from "@tenon/layers";
import {
  compile,
  hostNormal,
  key,
  pathHash,
  setBackend,
  spec,
  type Tensor,
  tensor,
  training,
  zeros,
} from "@tenon/tensor";
import { beforeAll, describe, expect, test } from "vitest";
import { built, inside, list } from "./inside.test-kit.ts";

beforeAll(() => setBackend("interpreter"));

type Options = Parameters<typeof gru>[1];
const kinds: readonly (readonly [string, (units: number, options?: Options) => Recurrent<any>])[] = [
  ["simpleRNN", simpleRNN],
  ["lstm", lstm],
  ["gru", gru],
  ["gru with the reset before", (units, options) => gru(units, { ...options, resetAfter: false })],
];

const random = (name: string, ...shape: number[]): Tensor =>
  tensor(
    hostNormal(
      [0, pathHash(name)],
      shape.reduce((n, d) => n * d, 1),
    ),
    { shape },
  );

/** The same layer with other options, and the same Variables. */
function twin(layer: Recurrent<any>, other: Recurrent<any>, steps: number): Recurrent<any> {
  const features = layer.kernel.shape[0]!;
  built(other, spec([other.options.stateful ? 2 : "B", steps, features]));
  for (const name of ["kernel", "recurrentKernel", "bias"] as const) other[name]!.assign(layer[name]!.value);
  return other;
}

const close = async (actual: Tensor, expected: Tensor): Promise<void> => {
  expect(actual.shape).toEqual(expected.shape);
  const [a, b] = [await list(actual), await list(expected)];
  for (const [i, x] of a.entries()) expect(x).toBeCloseTo(b[i]!, 5);
};

describe.each(kinds)("%s", (_name, make) => {
  const layer = () => {
    const made = built(make(3), spec(["B", 5, 2]));
    made.bias!.assign(random("bias", ...made.bias!.shape));
    return made;
  };
  const x = random("x", 2, 5, 2);

  test("gives its last result, or all, which begin with those of a shorter sequence", async () => {
    const last = layer();
    const all = twin(last, make(3, { returnSequences: true }), 5);
    const ys = all.call(x);
    expect(ys.shape).toEqual([2, 5, 3]);
    await close(ys.sliceAxis(1, 4).squeeze(1), last.call(x));
    await close(ys.sliceAxis(1, 0, 3), all.call(x.sliceAxis(1, 0, 3)));
  });

  test("goes backwards over the sequence as forwards over the reverse", async () => {
    const forth = twin(layer(), make(3, { returnSequences: true }), 5);
    const back = twin(forth, make(3, { returnSequences: true, goBackwards: true }), 5);
    await close(back.call(x), forth.call(x.reverse({ axis: 1 })));
    const last = twin(forth, make(3, { goBackwards: true }), 5);
    await close(
      last.call(x),
      forth
        .call(x.reverse({ axis: 1 }))
        .sliceAxis(1, 4)
        .squeeze(1),
    );
  });

  test("goes on where a state is given that it ended with", async () => {
    const all = twin(layer(), make(3, { returnState: true, returnSequences: true }), 5);
    const [ys] = all.call(x) as readonly Tensor[];
    const [, ...state] = all.call(x.sliceAxis(1, 0, 2)) as readonly Tensor[];
    const [rest] = all.call({ input: x.sliceAxis(1, 2), state }) as readonly Tensor[];
    await close(rest!, ys!.sliceAxis(1, 2));
  });

  test("keeps its state from call to call where it is stateful, until it is reset", async () => {
    const once = layer();
    const kept = twin(once, make(3, { stateful: true }), 5);
    const step = compile((part: Tensor) => kept.call(part));
    await step(x.sliceAxis(1, 0, 2));
    const end = await step(x.sliceAxis(1, 2));
    await close(end, once.call(x));
    expect(kept.state.every(({ trainable, role }) => !trainable && role === "statistic")).toBe(true);
    kept.resetState();
    await close(kept.call(x), once.call(x));
  });

  test("passes over masked steps, wherever they stand, as if they were not there", async () => {
    const last = layer();
    const all = twin(last, make(3, { returnSequences: true }), 5);
    const real = tensor([
      [false, true, true, false, true],
      [true, true, false, false, false],
    ]);
    const masked = withMask(x, real);
    const rows = [0, 1].map((i) => x.sliceAxis(0, i, i + 1));
    const steps = (row: Tensor, ...places: number[]) => row.take(tensor(places, { dtype: "int32" }), { axis: 1 });
    const [first, second] = [steps(rows[0]!, 1, 2, 4), steps(rows[1]!, 0, 1)];
    const ends = last.call(masked);
    await close(ends.sliceAxis(0, 0, 1), last.call(first));
    await close(ends.sliceAxis(0, 1), last.call(second));
    const ys = all.call(masked) as Tensor;
    expect(maskOf(ys)).toBe(real);
    expect(maskOf(ends)).toBe(undefined);
    expect(await list(ys.sliceAxis(0, 0, 1).sliceAxis(1, 0, 1))).toEqual([0, 0, 0]);
    await close(steps(ys.sliceAxis(0, 0, 1), 1, 2, 4), all.call(first));
    await close(steps(ys.sliceAxis(0, 0, 1), 3), steps(ys.sliceAxis(0, 0, 1), 2)); // the result stays, too
  });

  test("computes other activations of the same values step by step", async () => {
    const fused = layer();
    const [tanh, sigmoid] = [(t: Tensor) => t.tanh(), (t: Tensor) => t.sigmoid()];
    const gates = fused.kind === "simpleRNN" ? {} : { recurrentActivation: sigmoid };
    await close(twin(fused, make(3, { activation: tanh, ...gates }), 5).call(x), fused.call(x));
  });

  test("drops in training alone, the same features at all steps", async () => {
    const plain = layer();
    const dropping = twin(plain, make(3, { dropout: 0.5, recurrentDropout: 0.5 }), 5);
    await close(dropping.call(x), plain.call(x));
    const [a, b, again] = [1, 2, 1].map((seed) => dropping.call(x, training(key(seed))));
    expect(await list(a!)).toEqual(await list(again!));
    expect(await list(a!)).not.toEqual(await list(b!));
    const inputs = twin(plain, make(3, { dropout: 0.5 }), 5);
    inputs.recurrentKernel.assign(zeros(inputs.recurrentKernel.shape));
    inputs.bias!.assign(zeros(inputs.bias!.shape));
    const first = (part: Tensor): Tensor => inputs.call(part.sliceAxis(1, 0, 1), training(key(5)));
    const same = zeros([2, 4, 2]).add(1);
    if (inputs.kind === "simpleRNN") await close(inputs.call(same, training(key(5))), first(same));
  });

  test("leaves the numbers of examples and of steps open", async () => {
    const made = layer();
    const step = compile((s: Tensor) => made.call(s), { inputs: [spec(["B", 5, 2])] });
    expect((await step(random("s", 4, 5, 2))).shape).toEqual([4, 3]);
    expect(made.call(random("longer", 1, 7, 2)).shape).toEqual([1, 3]);
  });
});

test("masks come from embeddings of words and from a value that fills steps up, and go on to later layers", async () => {
  const words = tensor([[3, 1, 0, 0]], { dtype: "int32" });
  const model = built(
    sequential([embedding(5, 4, { maskZero: true }), dense(4), lstm(3, { returnSequences: true }), gru(2)]),
    spec(["B", 4], "int32"),
  );
  const short = tensor([[3, 1]], { dtype: "int32" });
  await close(model.call(words), model.call(short));
  const filled = built(sequential([masking({ maskValue: -1 }), simpleRNN(2)]), spec(["B", 3, 2]));
  await close(
    filled.call(
      tensor([
        [
          [1, 2],
          [-1, 3],
          [-1, -1],
        ],
      ]),
    ),
    filled.call(
      tensor([
        [
          [1, 2],
          [-1, 3],
        ],
      ]),
    ),
  );
});

test("all stateful layers of a model are reset at once", async () => {
  const net = built(
    sequential([lstm(3, { stateful: true, returnSequences: true }), gru(2, { stateful: true })]),
    spec([1, 2, 2]),
  );
  const x = random("reset", 1, 2, 2);
  const first = await list(net.call(x));
  expect(await list(net.call(x))).not.toEqual(first);
  resetState(net);
  expect(await list(net.call(x))).toEqual(first);
});

test("a summary counts parameters, and operations of all steps", () => {
  const { layers } = summarize(
    sequential([lstm(4, { returnSequences: true }), gru(3), dense(2)]).build({
      key: key(0),
      inputs: spec(["B", 5, 2]),
    }),
  );
  expect(layers.map(({ description, parameters }) => [description, parameters])).toEqual([
    ["lstm 4 sequences, glorotUniform", (2 + 4 + 1) * 16],
    ["gru 3, glorotUniform", (4 + 3 + 2) * 9],
    ["dense 2, glorotUniform", 8],
  ]);
  const products = 5 * 2 * (2 + 4) * 16;
  expect(layers[0]!.flops).toBeGreaterThan(products);
  expect(layers[0]!.flops).toBeLessThan(2 * products);
});

describe("what does not fit is refused:", () => {
  test("ranks and features", () => {
    expect(() => inside(lstm(3), spec(["B", 5]))).toThrowErrorMatchingInlineSnapshot(`
      [ShapeError E206 lstm: the input has rank 2, not 3, in (examples, steps, features).
        x: float32 [B, 5]
        at: encoder.lstm1 (recurrent.test.ts:228)
        fix: give each step a list of features, as by reshape([-1, 1]), or by embedding for words.]
    `);
    expect(() => inside(gru(3), spec(["B", 5, 4, 4]))).toThrow("timeDistributed(flatten())");
    expect(() => built(simpleRNN(3), spec(["B", 5, 2])).call(zeros([1, 5, 4]))).toThrowErrorMatchingInlineSnapshot(`
      [ShapeError E204 simpleRNN: the input has 4 features but the layer was built for 2.
        x: float32 [1, 5, 4]
        at: recurrent.test.ts:235
        fix: give it 2 features at each step, the last axis.]
    `);
  });

  test("states", () => {
    const layer = built(lstm(3), spec(["B", 5, 2]));
    const input = zeros([4, 5, 2]);
    expect(() => layer.call({ input, state: zeros([4, 3]) })).toThrowErrorMatchingInlineSnapshot(`
      [ShapeError E209 lstm: state has 1 of 2 tensors.
        x: float32 [4, 5, 2]
        state[0]: float32 [4, 3]
        at: recurrent.test.ts:246
        fix: give state as a list of 2 tensors of (examples, 3).]
    `);
    expect(() => layer.call({ input, state: [zeros([4, 3]), zeros([4, 2])] })).toThrowErrorMatchingInlineSnapshot(`
      [ShapeError E203 lstm: state[1] is [4, 2] where [4, 3] is wanted.
        x: float32 [4, 5, 2]
        state[0]: float32 [4, 3]
        state[1]: float32 [4, 2]
        at: recurrent.test.ts:253
        fix: give state as a list of 2 tensors of (examples, 3).]
    `);
    expect(() => built(gru(3, { stateful: true }), spec(["B", 5, 2]))).toThrowErrorMatchingInlineSnapshot(`
      [ShapeError E203 gru: the number of examples is B, and a stateful layer keeps the state of each.
        x: float32 [B, 5, 2]
        at: recurrent.test.ts:261
        fix: build it for a number of examples, as in spec([32, 10, 8]), or leave stateful out.]
    `);
    expect(() => built(gru(3, { stateful: true }), spec([2, 5, 2])).call(input)).toThrowErrorMatchingInlineSnapshot(`
      [ShapeError E203 gru: state[0] is [2, 3] where [4, 3] is wanted.
        x: float32 [4, 5, 2]
        state[0]: float32 [2, 3]
        at: recurrent.test.ts:267
        fix: give a stateful layer as many examples in each call as it was built for.]
    `);
  });

  test("options", () => {
    expect(() => lstm(0)).toThrow("units is 0");
    expect(() => lstm(3, { returnSequence: true } as never)).toThrow("did you mean returnSequences?");
    expect(() => gru(3, { dropout: 1 })).toThrow("dropout is 1");
    expect(() => simpleRNN(3, { activation: "tahn" as never })).toThrow("did you mean tanh?");
    expect(() => masking({ value: 1 } as never)).toThrow("E801");
  });
});
