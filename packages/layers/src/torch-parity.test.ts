import "@tenon/interpreter";
import { parity } from "@tenon/conformance";
import * as layers from "@tenon/layers";
import { key, setBackend, spec, valueAndGrad } from "@tenon/tensor";
import { beforeAll, describe, expect, test } from "vitest";
import { describeParity, distance, type NumberArray, type Recorded, read, tensorOf } from "./torch-parity.test-kit.ts";

beforeAll(() => setBackend("interpreter"));

describeParity();

interface Penalty {
  readonly name: "l1" | "l2" | "l1l2";
  readonly options: never;
  readonly w: NumberArray;
  readonly y: NumberArray;
  readonly dw: NumberArray;
}

const regularizers = { l1: layers.l1, l2: layers.l2, l1l2: layers.l1l2 };

const { penalties } = read<Recorded & { penalties: readonly Penalty[] }>("torch-layers.json");

describe("penalties and their gradients are those of PyTorch:", () => {
  test.each(penalties)("$name", async ({ name, options, w, y, dw }) => {
    const layer = layers.dense(w.shape[1]!, { kernelRegularizer: regularizers[name](options) });
    layer.build({ key: key(0), inputs: spec(["B", w.shape[0]!]) });
    layer.weight.assign(tensorOf(w));
    const [value, gradients] = valueAndGrad(() => layers.regularization(layer), layer.weight);
    expect(await distance(value, y)).toBeLessThanOrEqual(parity.forward);
    expect(await distance(gradients, dw)).toBeLessThanOrEqual(parity.gradient);
  });
});
