import { compile, relu, setBackend, type Tensor, tensor, withScope } from "@tenon/tensor";
import { afterEach, expect, vi } from "vitest";
import { cudaNative } from "./backend.ts";
import { openDevice, whyNoDevice } from "./device.ts";
import { testEmulatedDevice } from "./emulated-device.test-kit.ts";

afterEach(() => vi.unstubAllEnvs());

/** Two kernels of two layers. */
const network = (x: Tensor): Tensor => {
  const y = withScope("encoder", () => relu(x.sum({ axis: 1, keepDims: true }).sub(x)));
  return withScope("pool", () => y.max({ axis: 0 }));
};

/** The error of the first of three runs, of whose launches the one of a number fails. */
async function errorOf(fault: number, wait: boolean): Promise<unknown> {
  const { device: other } = openDevice();
  const backend = await cudaNative({ cache: false, debug: { wait } }).create();
  await setBackend({ ...cudaNative(), create: async () => backend });
  const step = compile(network);
  const x = [
    [1, 2],
    [3, 4],
  ];
  expect([...(await (await step(tensor(x))).data())]).toEqual([4, 3]);
  vi.stubEnv("TENON_EMULATED_FAULT", String(fault));
  try {
    const results = [await step(tensor(x)), await step(tensor(x))];
    await results[1]!.data();
    return undefined;
  } catch (error) {
    // as long as somebody has the context it has failed, and who asks for it in vain does not keep it; the backend has given it up
    expect(whyNoDevice()).toBe(
      "no GPU answers: eventCreate: CUDA_ERROR_ILLEGAL_ADDRESS (an illegal memory access was encountered)",
    );
    other.close();
    expect(whyNoDevice()).toBe(null);
    return error;
  } finally {
    vi.unstubAllEnvs();
    await backend.close();
    other.close();
  }
}

testEmulatedDevice("a kernel that fails is named with all that was launched since the last wait", async () => {
  expect(String(await errorOf(3, false))).toMatchInlineSnapshot(`
    "BackendError E541 cuda-native: the GPU failed: eventSynchronize: CUDA_ERROR_ILLEGAL_ADDRESS (an illegal memory access was encountered).
      may be 1: sum+sub+maximum in encoder
      may be 2: max in pool
      fix: open the backend anew; with cudaNative({ debug: { wait: true } }) the error names the launch."
  `);
  expect(await errorOf(99, false), "on a new device").toBeUndefined();
});

testEmulatedDevice("with debug.wait it is named alone, and a new device works", async () => {
  expect(String(await errorOf(2, true))).toMatchInlineSnapshot(`
    "BackendError E541 cuda-native: the GPU failed: streamSynchronize: CUDA_ERROR_ILLEGAL_ADDRESS (an illegal memory access was encountered).
      kernel: max in pool
      fix: open the backend anew."
  `);
  expect(await errorOf(99, true)).toBeUndefined();
});

testEmulatedDevice(
  "after a failure everything tells of it, and another backend computes in the same process",
  async () => {
    const lost = cudaNative({ cache: false });
    await setBackend(lost);
    const [x, kept] = [tensor([1, 2]), await compile((y: Tensor) => y.add(1))(tensor([1]))];
    expect(await kept.item()).toBe(2); // it is done before a launch fails
    vi.stubEnv("TENON_EMULATED_FAULT", "1");
    await expect(x.square().sum().item()).rejects.toThrow("E541");
    vi.unstubAllEnvs();
    await expect(kept.add(1).data()).rejects.toThrow("E541");
    await expect(tensor([3]).sub(1).data()).rejects.toThrow("E541");
    kept.dispose();
    await setBackend(cudaNative({ cache: false }));
    expect(await tensor([1, 2]).square().sum().item()).toBe(5);
  },
);
