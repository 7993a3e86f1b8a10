import { readFileSync } from "node:fs";
import { parity, relativeDistance } from "@tenon/conformance";
import { type AnyLayer, bidirectional, gru, lstm, type Recurrent, simpleRNN } from "@tenon/layers";
import {
  compile,
  concat,
  key,
  type Tensor,
  tensor,
  type Variable,
  valueAndGrad,
  variable,
  variables,
  zeros,
} from "@tenon/tensor";
import { treeEntries } from "@tenon/tree";
import { describe, expect, test } from "vitest";

interface Numbers {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}
type Named = Readonly<Record<string, Numbers>>;

/** A module as `fixtures/torch_recurrent.py` recorded it, under PyTorch's names. */
interface Case {
  readonly name: string;
  readonly layer: readonly [
    kind: "simpleRNN" | "lstm" | "gru",
    units: number,
    options: { readonly bidirectional?: boolean },
  ];
  readonly x: Numbers;
  readonly state: readonly Numbers[] | null;
  readonly params: Named;
  readonly results: readonly Numbers[];
  readonly cotangents: readonly Numbers[];
  readonly dx: Numbers;
  readonly dState: readonly Numbers[] | null;
  readonly gradients: Named;
}

const { torch, cases } = JSON.parse(
  readFileSync(new URL("../fixtures/torch-recurrent.json", import.meta.url), "utf8"),
) as { torch: string; cases: readonly Case[] };

const tensorOf = ({ shape, data }: Numbers): Tensor => tensor([...data], { shape });

/** PyTorch's order of a GRU's gates is reset, update, candidate. */
function ours(kind: string, x: Tensor): Tensor {
  if (kind !== "gru") return x;
  const units = (x.shape[0]! as number) / 3;
  const [reset, update, candidate] = [0, 1, 2].map((k) => x.sliceAxis(0, k * units, (k + 1) * units));
  return concat([update!, reset!, candidate!], { axis: 0 });
}

/** PyTorch's parameters, or their gradients, as a layer's Variables: transposed, gates in Keras's order, biases added. */
function variablesOf(kind: string, params: Named, end: string, gradients: boolean): Readonly<Record<string, Tensor>> {
  const of = (name: string): Tensor => ours(kind, tensorOf(params[`${name}_l0${end}`]!));
  const kernels = { kernel: of("weight_ih").transpose(), recurrentKernel: of("weight_hh").transpose() };
  if (params[`bias_ih_l0${end}`] === undefined) return kernels;
  const [input, state] = [of("bias_ih"), of("bias_hh")];
  if (kind === "gru") return { ...kernels, bias: concat([input.expandDims(0), state.expandDims(0)]) };
  return { ...kernels, bias: gradients ? input : input.add(state) }; // each of two summands has the gradient of the sum
}

const withPrefix = (prefix: string, record: Readonly<Record<string, Tensor>>): Readonly<Record<string, Tensor>> =>
  Object.fromEntries(Object.entries(record).map(([name, x]) => [`${prefix}${name}`, x]));

/** The states of both ends, as PyTorch stacks them. */
const endsOf = (list: readonly Numbers[], both: boolean): readonly Tensor[] =>
  [0, ...(both ? [1] : [])].flatMap((end) =>
    list.map((s) =>
      tensorOf(s)
        .sliceAxis(0, end, end + 1)
        .squeeze(0),
    ),
  );

const make = { simpleRNN, lstm, gru } as unknown as Record<
  string,
  (units: number, options: object) => Recurrent<readonly Tensor[]>
>;

interface Found {
  readonly own: Readonly<Record<string, Tensor>>;
  readonly input: Tensor;
  readonly initial: readonly Tensor[];
}

async function near(actual: Tensor, expected: Tensor, tolerance: number, what: string): Promise<void> {
  expect(actual.shape, what).toEqual(expected.shape);
  const distance = relativeDistance(Array.from((await expected.data()) as Float32Array), await actual.data());
  expect(distance, what).toBeLessThanOrEqual(tolerance);
}

/** Whether recurrent layers give PyTorch's results, states and gradients, on the backend that is set. */
export function describeRecurrentParity(): void {
  describe(`results, states and gradients are those of PyTorch ${torch}:`, () => {
    test.each(cases)("$name", agrees);
  });
}

async function agrees({ layer: [kind, units, settings], x, state, params, results, ...rest }: Case): Promise<void> {
  const { bidirectional: both = false, ...options } = settings;
  const one = make[kind]!(units, { ...options, returnSequences: true, returnState: true });
  const layer: AnyLayer = both ? bidirectional(one) : one;
  const start = state === null ? [] : endsOf(state, both);
  layer.build({ key: key(0), inputs: state === null ? tensorOf(x) : { input: tensorOf(x), state: [...start] } });
  const mapped = (named: Named, gradients: boolean) =>
    both
      ? {
          ...withPrefix("forwardLayer.", variablesOf(kind, named, "", gradients)),
          ...withPrefix("backwardLayer.", variablesOf(kind, named, "_reverse", gradients)),
        }
      : variablesOf(kind, named, "", gradients);
  const own = Object.fromEntries(treeEntries<unknown>(layer[variables]()) as [string, Variable][]);
  const values = mapped(params, false);
  expect(Object.keys(own)).toEqual(Object.keys(values));
  for (const [path, v] of Object.entries(own)) v.assign(values[path]!);

  const [input, initial] = [variable(tensorOf(x)), start.map((s) => variable(s))];
  const expected = [tensorOf(results[0]!), ...endsOf(results.slice(1), both)];
  const found = expected.map((t) => variable(zeros(t.shape as number[]), { trainable: false }));
  const weights = [tensorOf(rest.cotangents[0]!), ...endsOf(rest.cotangents.slice(1), both)];
  const loss = (): Tensor => {
    const seeded = { input: input.value, state: initial.map((v) => v.value) };
    const ys = layer.call(state === null ? input.value : seeded) as readonly Tensor[];
    ys.forEach((y, i) => void found[i]!.assign(y));
    return ys.map((y, i) => y.mul(weights[i]!).sum()).reduce((a, b) => a.add(b));
  };
  const step = compile(() => valueAndGrad(loss, { own, input, initial } as never)[1] as unknown as Found);
  const { own: gradients, input: dx, initial: dState } = await step();
  for (const [i, t] of expected.entries()) await near(found[i]!.value, t, parity.forward, `result ${i}`);
  for (const [path, t] of Object.entries(mapped(rest.gradients, true)))
    await near(gradients[path]!, t, parity.gradient, path);
  await near(dx, tensorOf(rest.dx), parity.gradient, "dx");
  if (rest.dState === null) return;
  for (const [i, t] of endsOf(rest.dState, both).entries()) await near(dState[i]!, t, parity.gradient, `state ${i}`);
}
