import "@tenon/interpreter";
import { Column, dataset, normalize } from "@tenon/datasets";
import { normalization, sequential } from "@tenon/layers";
import { key, setBackend, spec, tensor, variables, zeros } from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";

beforeAll(() => setBackend("interpreter"));

const rows = [[1, 10], [3, 10], [5, 40]]; // biome-ignore format: a matrix
const build = { key: key(0), inputs: spec(["B", 2]) };
const deviation = Math.sqrt(8 / 3);

test("adapted to data, each feature has mean 0 and variance 1", async () => {
  for (const data of [rows, tensor(rows), dataset({ x: rows }), dataset({ x: rows }).columns.x]) {
    const layer = (await normalization().adapt(data)).build(build);
    expect([...(await layer.mean.value.data())]).toEqual([3, 20]);
    const y = Array.from(await layer.call(tensor(rows)).data(), Number);
    const expected = [
      -2 / deviation,
      -10 / Math.sqrt(200),
      0,
      -10 / Math.sqrt(200),
      2 / deviation,
      20 / Math.sqrt(200),
    ];
    for (const [i, value] of expected.entries()) expect(y[i]).toBeCloseTo(value, 6);
  }
});

test("mean and variance are statistics, which a layer that is built already takes too", async () => {
  const layer = normalization().build(build);
  const x = tensor(rows);
  expect(await layer.call(x).data()).toEqual(await x.data()); // the identity
  await layer.adapt(rows);
  expect([...(await layer.mean.value.data())]).toEqual([3, 20]);
  const { mean, variance } = layer[variables]() as unknown as Record<string, { role: string; trainable: boolean }>;
  expect([mean!.role, variance!.role, mean!.trainable]).toEqual(["statistic", "statistic", false]);
});

test("the axes say which numbers have a mean of their own", async () => {
  const images = tensor([[[[1, 2], [3, 4]]], [[[5, 6], [7, 8]]]]); // biome-ignore format: (2, 1, 2, 2)
  const means = async (axis: number | number[] | null) => {
    const layer = (await normalization({ axis }).adapt(images)).build({ key: key(0), inputs: spec(["B", 1, 2, 2]) });
    return [layer.mean.shape, [...(await layer.mean.value.data())]];
  };
  expect(await means(-1)).toEqual([[2], [4, 5]]); // biome-ignore format: both
  expect(await means(2)).toEqual([[2], [3.5, 5.5]]); // biome-ignore format: both
  expect(await means([3, 2])).toEqual([[2, 2], [3, 4, 5, 6]]); // biome-ignore format: both
  expect(await means(null)).toEqual([[], [4.5]]); // biome-ignore format: both
});

test("images that are kept as bytes are measured part by part", async () => {
  const bytes = Uint8Array.from({ length: 3000 }, (_, i) => i % 2 === 0 ? 0 : 255); // biome-ignore format: a line
  const x = normalize(new Column(bytes, [1500, 2]));
  const layer = (await normalization({ axis: null }).adapt(dataset({ x, y: new Int32Array(1500) }))).build(build);
  expect([await layer.mean.value.item(), await layer.variance.value.item()]).toEqual([0.5, 0.25]);
});

test("inverted it goes back, and known figures need no data", async () => {
  const x = tensor(rows);
  const there = normalization({ mean: [3, 20], variance: [4, 100] });
  const back = normalization({ mean: [3, 20], variance: [4, 100], invert: true });
  const model = sequential([there, back]).build(build);
  expect([...(await model.call(x).data())]).toEqual(rows.flat());
  expect([...(await there.call(x).data())]).toEqual([-1, -1, 0, -1, 1, 2]);
  const one = normalization({ mean: 1, variance: 4 }).build(build);
  expect([...(await one.call(tensor([[3, 5]])).data())]).toEqual([1, 2]);
});

test("what is the same everywhere becomes 0", async () => {
  const layer = (await normalization().adapt([[7], [7]])).build({ key: key(0), inputs: spec(["B", 1]) });
  expect([...(await layer.call(tensor([[7]])).data())]).toEqual([0]);
});

test("axes, shapes and options are checked", async () => {
  expect(() => normalization({ mean: 1 })).toThrow(/E802 normalization: variance is missing/);
  expect(() => normalization({ mean: 1, variance: -1 })).toThrow(/variance is -1/);
  expect(() => normalization({ axes: 1 } as never)).toThrow(/did you mean axis\?/);
  await expect(normalization({ axis: 0 }).adapt(rows)).rejects.toThrow(/axis 0 is that of the examples/);
  await expect(normalization().adapt([])).rejects.toThrow();
  await expect(normalization().adapt("data" as never)).rejects.toThrow(/the data are "data"/);
  const adapted = await normalization().adapt(rows);
  expect(() => adapted.build({ key: key(0), inputs: spec(["B", 3]) })).toThrow(/2 means or variances were measured/);
  const built = normalization().build(build);
  expect(() => built.call(zeros([1, 3]))).toThrow(/the axes have the sizes \[3\] but the layer was built for \[2\]/);
});
