import "@tenon/interpreter";
import {
  compile,
  foldIn,
  inference,
  key,
  keys,
  randomUniform,
  setBackend,
  spec,
  type Tensor,
  training,
} from "@tenon/tensor";
import { beforeAll, expect, test } from "vitest";

beforeAll(() => setBackend("interpreter"));

const read = async (x: Tensor): Promise<number[]> => Array.from(await x.data());

test("inference is a context without a key, and asking it for one is refused", () => {
  expect([inference.kind, inference.isTraining, inference.rootKey]).toEqual(["inference", false, undefined]);
  expect(() => inference.nextKey("dropout")).toThrowErrorMatchingInlineSnapshot(`
    [StateError E410 context: a random key is wanted in an inference context.
      fix: call the layer with training(key).]
  `);
});

test("there is no global mode and no global seed: a key alone decides, whatever was drawn before", async () => {
  const draw = (): Promise<number[]> => read(randomUniform(key(3), [4]));
  const first = await draw();
  const other = training(key(9));
  await read(randomUniform(other.nextKey("a"), [4]));
  await read(randomUniform(keys(3).next(), [4]));
  expect(await draw()).toEqual(first);
  expect(await read(randomUniform(training(key(1)).nextKey("a"), [4]))).toEqual(
    await read(randomUniform(training(key(1)).nextKey("a"), [4])),
  );
  expect(inference.isTraining).toBe(false);
});

test("a key is a tensor of two words, so that it may be an argument, folded and saved", async () => {
  const k = key(2 ** 32 + 5);
  expect([k.dtype, k.shape, await read(k)]).toEqual(["uint32", [2], [1, 5]]);
  const f = compile((x: Tensor) => foldIn(x, 1), { inputs: [spec([2], "uint32")] });
  expect(await read(await f(k))).toEqual(await read(foldIn(k, 1)));
});

test("each training context counts its own calls", async () => {
  const [a, b] = [training(key(0)), training(key(0))];
  const first = await read(a.nextKey("layer"));
  expect(await read(a.nextKey("layer"))).not.toEqual(first);
  expect(await read(b.nextKey("layer"))).toEqual(first);
  expect(await read(b.nextKey("other"))).not.toEqual(first);
});
