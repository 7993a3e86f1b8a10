import { batchNorm, dense, freeze, sequential, unfreeze } from "@tenon/layers";
import {
  compile,
  key,
  setBackend,
  spec,
  type Tensor,
  tensor,
  type Variable,
  valueAndGrad,
  variables,
} from "@tenon/tensor";
import { treeEntries } from "@tenon/tree";
import "@tenon/interpreter";
import { beforeAll, expect, test } from "vitest";

beforeAll(() => setBackend("interpreter"));

const make = () =>
  sequential({ encoder: sequential([dense(3), batchNorm()]), decoder: sequential([dense(2)]) }).build({
    key: key(0),
    inputs: spec(["B", 2]),
  });
const trained = (model: ReturnType<typeof make>): string[] =>
  (treeEntries<unknown>(model[variables]()) as [string, Variable][])
    .filter(([, v]) => v.trainable)
    .map(([path]) => path);
const all = [
  "encoder.dense1.weight",
  "encoder.dense1.bias",
  "encoder.batchNorm1.scale",
  "encoder.batchNorm1.bias",
  "decoder.dense1.weight",
  "decoder.dense1.bias",
];

test.each([
  ["*", []],
  ["encoder", ["decoder.dense1.weight", "decoder.dense1.bias"]],
  ["encoder.*", ["decoder.dense1.weight", "decoder.dense1.bias"]],
  ["*.bias", all.filter((path) => !path.endsWith("bias"))],
  ["*.dense1", ["encoder.batchNorm1.scale", "encoder.batchNorm1.bias"]],
  ["decoder.dense1.weight", all.toSpliced(4, 1)],
])("freezing %s leaves %j", (pattern, left) => {
  const model = make();
  const frozen = freeze(model, pattern);
  expect(trained(model)).toEqual(left);
  expect(frozen).toEqual(all.filter((path) => !left.includes(path)));
});

test("unfreezing takes parameters back, and statistics never", () => {
  const model = make();
  freeze(model);
  expect(unfreeze(model, ["encoder.batchNorm1", "decoder"])).toEqual(all.slice(2));
  expect(trained(model)).toEqual(all.slice(2));
  unfreeze(model);
  expect(trained(model)).toEqual(all);
});

test("a part is frozen by its own paths", () => {
  const model = make();
  freeze(model.layers[0]!, "dense1");
  expect(trained(model)).toEqual(all.slice(2));
});

test("a pattern that fits nothing is an error", () => {
  expect(() => freeze(make(), "encodr.*")).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 freeze: no Variable has a path that fits "encodr.*".
      fix: did you mean encoder?]
  `);
  expect(() => freeze(make(), "encodr")).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 freeze: no Variable has a path that fits "encodr".
      fix: did you mean encoder?]
  `);
});

test("a compiled step takes gradients of what is trained when it is called", async () => {
  const model = make();
  const step = compile((x: Tensor) => {
    const [, gradients] = valueAndGrad(() => model.call(x).sum(), model);
    return gradients as Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, Tensor>>>>>>;
  });
  const paths = async () => treeEntries<unknown>(await step(tensor([[1, 2]]))).map(([path]) => path);
  expect(await paths()).toEqual(all);
  freeze(model, "encoder");
  expect(await paths()).toEqual(all.slice(4));
});
