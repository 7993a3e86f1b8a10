import { readFileSync } from "node:fs";
import { parity, relativeDistance } from "@tenon/conformance";
import { type AnyLayer, multiHeadAttention, transformerDecoder, transformerEncoder } from "@tenon/layers";
import {
  compile,
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

/** A module as `fixtures/torch_attention.py` recorded it, under PyTorch's names. */
interface Case {
  readonly name: string;
  readonly layer: readonly [kind: "attention" | "encoder" | "decoder", options: never];
  readonly inputs: Named;
  readonly seen: Numbers | null;
  readonly params: Named;
  readonly y: Numbers;
  readonly dy: Numbers;
  readonly dInputs: Named;
  readonly gradients: Named;
}

const { torch, cases } = JSON.parse(
  readFileSync(new URL("../fixtures/torch-attention.json", import.meta.url), "utf8"),
) as { torch: string; cases: readonly Case[] };

const tensorOf = ({ shape, data }: Numbers): Tensor => tensor([...data], { shape });
const make = { attention: multiHeadAttention, encoder: transformerEncoder, decoder: transformerDecoder };

/** PyTorch's names of the parts of a layer, and ours. */
const parts: Readonly<Record<Case["layer"][0], readonly (readonly [theirs: string, ours: string])[]>> = {
  attention: [["", ""]],
  encoder: [
    ["self_attn.", "attention."],
    ["norm1.", "attentionNorm."],
    ["linear1.", "feedForward.up."],
    ["linear2.", "feedForward.down."],
    ["norm2.", "feedForwardNorm."],
  ],
  decoder: [
    ["self_attn.", "attention."],
    ["norm1.", "attentionNorm."],
    ["multihead_attn.", "crossAttention."],
    ["norm2.", "crossAttentionNorm."],
    ["linear1.", "feedForward.up."],
    ["linear2.", "feedForward.down."],
    ["norm3.", "feedForwardNorm."],
  ],
};

/** One part's parameters, or their gradients, under our names: weights transposed, the three projections apart. */
function renamed(name: string, x: Tensor): [name: string, x: Tensor][] {
  if (name.startsWith("in_proj_")) {
    const size = Number(x.shape[0]) / 3;
    return ["query", "key", "value"].map((projection, i) => {
      const part = x.sliceAxis(0, i * size, (i + 1) * size);
      return part.rank === 2 ? [`${projection}.weight`, part.transpose()] : [`${projection}.bias`, part];
    });
  }
  const own = name.replace("out_proj.", "output.");
  return [x.rank === 2 ? [own, x.transpose()] : [own, x]];
}

function ours(kind: Case["layer"][0], params: Named): Readonly<Record<string, Tensor>> {
  const found = Object.entries(params).flatMap(([path, value]) => {
    const [theirs, mine] = parts[kind].find(([prefix]) => path.startsWith(prefix))!;
    const isNorm = mine.endsWith("Norm.");
    return renamed(path.slice(theirs.length), tensorOf(value)).map(
      ([name, x]) => [mine + (isNorm ? name.replace("weight", "scale") : name), x] as const,
    );
  });
  return Object.fromEntries(found);
}

interface Found {
  readonly own: Readonly<Record<string, Tensor>>;
  readonly given: Readonly<Record<string, Tensor>>;
}

async function near(actual: Tensor, expected: Tensor, tolerance: number, what: string): Promise<void> {
  expect(actual.shape, what).toEqual(expected.shape);
  const numbers = Array.from((await expected.data()) as Float32Array);
  if (numbers.every((v) => Math.abs(v) < 1e-9)) return; // the bias of the keys moves all scores of a query alike
  expect(relativeDistance(numbers, await actual.data()), what).toBeLessThanOrEqual(tolerance);
}

/** Whether attention and transformers give PyTorch's results and gradients, on the backend that is set. */
export function describeAttentionParity(): void {
  describe(`results and gradients are those of PyTorch ${torch}:`, () => {
    test.each(cases)("$name", agrees);
  });
}

async function agrees({
  layer: [kind, options],
  inputs,
  seen,
  params,
  y,
  dy,
  dInputs,
  gradients,
}: Case): Promise<void> {
  const layer: AnyLayer = make[kind](options);
  const given = Object.fromEntries(Object.entries(inputs).map(([name, x]) => [name, variable(tensorOf(x))]));
  const mask = seen === null ? {} : { mask: tensorOf(seen).notEqual(0) };
  const call = () => ({ ...Object.fromEntries(Object.entries(given).map(([name, v]) => [name, v.value])), ...mask });
  layer.build({ key: key(0), inputs: call() });
  const own = Object.fromEntries(treeEntries<unknown>(layer[variables]()) as [string, Variable][]);
  const values = ours(kind, params);
  expect(Object.keys(own).toSorted()).toEqual(Object.keys(values).toSorted());
  for (const [path, v] of Object.entries(own)) v.assign(values[path]!);

  const result = variable(zeros(y.shape), { trainable: false });
  const loss = (): Tensor => {
    result.assign(layer.call(call()) as Tensor);
    return result.value.mul(tensorOf(dy)).sum();
  };
  const step = compile(() => valueAndGrad(loss, { own, given } as never)[1] as unknown as Found);
  const found = await step();
  await near(result.value, tensorOf(y), parity.forward, "y");
  for (const [path, t] of Object.entries(ours(kind, gradients))) await near(found.own[path]!, t, parity.gradient, path);
  for (const [name, t] of Object.entries(dInputs)) await near(found.given[name]!, tensorOf(t), parity.gradient, name);
}
