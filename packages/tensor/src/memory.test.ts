import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import "@tenon/interpreter";
import {
  compile,
  matmul,
  memory,
  relu,
  setBackend,
  softmaxCrossEntropy,
  spec,
  type Tensor,
  tensor,
  valueAndGrad,
  variable,
  zeros,
} from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

beforeAll(() => setBackend("interpreter"));

/** Collects until a figure no longer falls. */
async function settled(figure: () => number): Promise<number> {
  let last = Number.POSITIVE_INFINITY;
  for (let calm = 0; calm < 10; ) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 5));
    calm = figure() < last ? 0 : calm + 1;
    last = Math.min(last, figure());
  }
  return last;
}

const liveBytes = (): number => memory().devices.find((d) => d.id === "interpreter")!.liveBytes;

test("2,000 training steps leave exactly as many live bytes as ten", async () => {
  const [w1, b1, w2, b2] = [
    variable(
      tensor(
        Float32Array.from({ length: 784 * 8 }, (_, i) => Math.sin(i) / 28),
        { shape: [784, 8] },
      ),
    ),
    variable(zeros([8])),
    variable(zeros([8, 10])),
    variable(zeros([10])),
  ];
  const params = { w1, b1, w2, b2 };
  const step = compile(
    (x: Tensor, y: Tensor) => {
      const [loss, g] = valueAndGrad(
        () =>
          softmaxCrossEntropy(
            matmul(relu(matmul(x.cast("float32").div(255), w1.value).add(b1.value)), w2.value).add(b2.value),
            y,
          ).mean(),
        params,
      );
      for (const name of ["w1", "b1", "w2", "b2"] as const)
        params[name].assign(params[name].value.sub(g[name].mul(0.1)));
      return loss;
    },
    { inputs: [spec(["B", 784], "uint8"), spec(["B"], "int32")] },
  );
  const images = Uint8Array.from({ length: 4 * 784 }, (_, i) => (i * 7) % 251);
  const seen: number[] = [];
  for (let i = 1; i <= 2000; i++) {
    if (i === 10) await settled(liveBytes); // the initial values, which the first step overwrote, were still held
    await (await step(tensor(images, { shape: [4, 784] }), tensor([0, 1, 2, i % 10], { dtype: "int32" }))).item();
    if (i % 10 === 0) seen.push(liveBytes());
  }
  expect(new Set(seen).size).toBe(1);
}, 60_000);

test("dropped tensors give their memory back without dispose", async () => {
  const v = variable(zeros([1000]));
  const count = (): number => memory().tensors;
  const before = await settled(count);
  for (let i = 0; i < 50; i++) await v.value.add(i).data();
  expect(await settled(count)).toBeLessThanOrEqual(before + 1); // the Variable itself may have got its storage
});

test("results that nobody reads are freed when they are dropped", async () => {
  const big = compile((x: Tensor) => x.add(zeros([50_000])));
  const x = tensor(1);
  await big(x);
  const before = await settled(liveBytes);
  for (let i = 0; i < 50; i++) await big(x);
  expect(await settled(liveBytes)).toBeLessThanOrEqual(before + 200_000); // the engine may keep the last one awaited
});

test("dispose and using free at once", async () => {
  const f = compile((x: Tensor) => x.add(zeros([50_000])));
  const before = await settled(liveBytes);
  const y = await f(tensor(1));
  expect(liveBytes()).toBe(before + 200_000);
  y.dispose();
  expect(liveBytes()).toBe(before);
  {
    using z = await f(tensor(2));
    expect(z.shape).toEqual([50_000]);
    expect(liveBytes()).toBe(before + 200_000);
  }
  expect(liveBytes()).toBe(before);
});

test("a loop that only awaits lets timers run", async () => {
  let ticks = 0;
  const timer = setInterval(() => ticks++, 10);
  const f = compile((x: Tensor) => x.add(1));
  let x = tensor(0);
  const end = performance.now() + 300;
  while (performance.now() < end) x = await f(x);
  clearInterval(timer);
  expect(ticks).toBeGreaterThanOrEqual(2);
});
