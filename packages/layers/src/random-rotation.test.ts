import "@tenon/interpreter";
import { randomRotation } from "@tenon/layers";
import { key, reverse, setBackend, swapAxes, tensor, training } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";

beforeAll(() => setBackend("interpreter"));

const values = Float32Array.from({ length: 50 }, (_, i) => Math.sin(i)); // any values will do
const images = tensor(values, { shape: [2, 5, 5, 1] });
const ctx = () => training(key(1));

test("a quarter turn counter-clockwise brings the right edge to the top", async () => {
  const y = await randomRotation([0.25, 0.25]).call(images, ctx()).data();
  const turned = await reverse(swapAxes(images, 1, 2), { axis: 1 }).data();
  for (const [i, value] of y.entries()) expect(value).toBeCloseTo(Number(turned[i]), 5);
});

test("no turn is the identity, and inference gives the input itself", async () => {
  expect(await randomRotation(0).call(images, ctx()).data()).toEqual(values);
  expect(randomRotation(0.5).call(images)).toBe(images);
});

test("each image has an angle of its own, and one key the same angles", async () => {
  const same = images.sliceAxis(0, 0, 1).broadcastTo([2, 5, 5, 1]);
  const layer = randomRotation(0.1);
  const y = Array.from(await layer.call(same, ctx()).data());
  expect(y.slice(0, 25)).not.toEqual(y.slice(25));
  expect(Array.from(await layer.call(same, ctx()).data())).toEqual(y);
  expect(Array.from(await layer.call(same, training(key(2))).data())).not.toEqual(y);
});

test("factors and options are checked", () => {
  expect(() => randomRotation(20)).toThrowErrorMatchingInlineSnapshot(`
    [OptionError E803 randomRotation: factor is 20, which is no number from 0 to 1, and no range.
      fix: give one number, such as 0.1, or two from -1 to 1, the smaller first, such as [-0.1, 0.2].]
  `);
  expect(() => randomRotation([0.2, 0.1])).toThrow(/, and no range/);
  expect(() => randomRotation(0.1, { fillmode: "wrap" } as never)).toThrow(/did you mean fillMode\?/);
  expect(() => randomRotation(0.1, { fillMode: "mirror" as never })).toThrow(/fillMode is "mirror"/);
  expect(() => randomRotation(0.1).call(tensor([0], { dtype: "int32" }).reshape([1, 1, 1, 1]), ctx())).toThrow("E201");
});
