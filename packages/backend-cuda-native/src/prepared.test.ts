import { attention, compile, matmul, ones, setBackend, spec, type Tensor } from "@tenon/tensor";
import { expect, test, vi } from "vitest";
import { cudaNative } from "./backend.ts";
import type { ProductProblem } from "./blas/problem.ts";
import { Products } from "./blas/products.ts";
import { openDevice } from "./device.ts";
import { Attentions } from "./dnn/attention.ts";
import { testEmulatedDevice } from "./emulated-device.test-kit.ts";
import { Memory } from "./memory.ts";
import type { NativeDevice } from "./native.ts";
import { MOST_IDLE, Prepared } from "./prepared.ts";

test("what somebody has stays, and of the others those that were wanted last", () => {
  let made = 0;
  const gone: number[] = [];
  const prepared = new Prepared<{ number: number }>((number) => void gone.push(number));
  const get = (told: number | string, user: object) => prepared.get(String(told), user, () => ({ number: made++ }));
  const [held, passing] = [{}, {}];
  get("held", held);
  for (let i = 0; i < MOST_IDLE + 3; i++) get(i, passing);
  expect(gone).toEqual([]);
  get(0, passing); // which is number 1
  prepared.leave(passing);
  expect(gone).toEqual([2, 3, 4]);
  expect(get("held", passing)).toEqual({ number: 0 });
  expect(get(0, passing)).toEqual({ number: 1 });
  expect(get(1, passing)).toEqual({ number: made - 1 });
});

testEmulatedDevice("what stands ready for a size is given up when its plan is", { timeout: 60_000 }, async () => {
  const [get, leave] = [vi.spyOn(Prepared.prototype, "get"), vi.spyOn(Prepared.prototype, "leave")];
  await setBackend(cudaNative({ cache: false, debug: { smallProducts: true } }));
  const inputs = [spec([1, "T", 1, 8], "float16"), spec(["T", 2])];
  const step = compile((q: Tensor, x: Tensor) => [attention(q, q, q), matmul(x, ones([2, 2]))], { inputs });
  for (let t = 2; t < 12; t++) {
    const [y, z] = await step(ones([1, t, 1, 8]).cast("float16"), ones([t, 2]));
    expect(new Set((await y!.data()).map(Math.round))).toEqual(new Set([1])); // thirds have been rounded
    expect(new Set(await z!.data())).toEqual(new Set([2]));
  }
  const plans = new Set(get.mock.calls.map(([, user]) => user));
  expect(plans.size).toBe(10);
  for (const [user] of leave.mock.calls) plans.delete(user);
  expect(plans.size).toBe(4); // for so many sizes there are plans
  vi.restoreAllMocks();
});

testEmulatedDevice("the device is told what products and attentions nobody wants any more", () => {
  const { device } = openDevice();
  const gone: string[] = [];
  const watched = new Proxy(device, {
    get(_, name: keyof NativeDevice) {
      if (name.startsWith("remove")) gone.push(name);
      const value = device[name];
      return typeof value === "function" ? value.bind(device) : value;
    },
  });
  const options = { tune: false, small: true, driver: 13_000 };
  const keep = { read: () => undefined, write: () => {} };
  const products = new Products(watched, new Memory(watched), keep, options);
  const attentions = new Attentions(watched, options);
  const lies = { offset: 0, leading: 8, stride: 0, alignment: 256 };
  const user = {};
  for (let n = 1; n <= MOST_IDLE + 1; n++) {
    const product: ProductProblem = {
      ...{ operandType: "float32", resultType: "float32", mul: "same", activation: "none", alpha: 1 },
      ...{ rows: 8, columns: n, depth: 8, batch: 1, turnA: false, turnB: false },
      ...{ a: { slot: 0, ...lies }, b: { slot: 1, ...lies }, c: undefined, d: { slot: 2, ...lies }, bias: undefined },
    };
    expect(products.ready(product, user)).toMatchObject({ number: n - 1 });
    const array = { slot: 0, offset: 0, sizes: [1, 1, n, 8], strides: [8 * n, 8 * n, 8, 1] };
    const arrays = { q: array, k: array, v: array, y: array, lse: undefined };
    const attention = { dtype: "float16", scale: 1, causal: false, ...arrays } as const;
    expect(attentions.ready(attention, user)).toMatchObject({ number: n - 1 });
  }
  products.leave(user);
  attentions.leave(user);
  expect(gone).toEqual(["removeProduct", "removeComputation"]);
  device.close();
});
