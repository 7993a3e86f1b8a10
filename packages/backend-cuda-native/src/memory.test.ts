import { compile, memory, setBackend, spec, type Tensor, tensor, valueAndGrad, variable } from "@tenon/tensor";
import { afterEach, expect } from "vitest";
import { cudaNative } from "./backend.ts";
import { describeEmulated, testEmulatedDevice } from "./emulated-device.test-kit.ts";

/** Gives the emulated device so much memory from now on. */
const limit = (bytes: number) => {
  process.env.TENON_EMULATED_BYTES = String(bytes);
};

const ones = (rows: number): Tensor => tensor(new Float32Array(8 * rows).fill(1), { shape: [rows, 8] });

describeEmulated("where the device has little memory,", () => {
  afterEach(() => {
    delete process.env.TENON_EMULATED_BYTES;
  });

  testEmulatedDevice(
    "what is kept for later is given up for a buffer, and one that does not fit says what is in use",
    async () => {
      limit(2 ** 20);
      const backend = await cudaNative({ cache: false }).create();
      const some = [1, 2, 3].map(() => backend.alloc(300_000));
      for (const buffer of some) buffer.release();
      const large = backend.alloc(900_000); // what is kept of the three would not leave so much
      expect(() => backend.alloc(200_000)).toThrowErrorMatchingInlineSnapshot(`
        [LimitError E540 cuda-native: the GPU has no 200000 bytes left: 148480 of 1048576 are free.
          in use, of 900000 bytes: 1
          fix: use a smaller batch, release what is not needed any more, or close what else uses the GPU.]
      `);
      large.release();
      backend.alloc(200_000);
      expect(backend.stats()).toMatchObject({ liveBuffers: 1, liveBytes: 200_000 });
      await backend.close();
    },
  );

  testEmulatedDevice("what is still read when memory is given up is there until then", async () => {
    limit(2 ** 20);
    const backend = await cudaNative({ cache: false }).create();
    const [from, to] = [backend.alloc(300_000), backend.alloc(300_000)];
    backend.write(from, new Uint8Array(300_000).fill(7), 0);
    backend.copy(from, to);
    from.release();
    expect(() => backend.alloc(900_000)).toThrow("E540");
    expect((await backend.read(to, 299_999, 1))[0]).toBe(7);
    await backend.close();
  });

  testEmulatedDevice("whatever of a run has no room, nothing of it is kept", async () => {
    const backend = await cudaNative({ cache: false, libraries: false }).create();
    await setBackend({ ...cudaNative(), create: async () => backend });
    const step = compile((x: Tensor) => x.softmax().square().sum(), { inputs: [spec(["B", 8])] });
    const run = async (rows: number) => (await step(ones(rows))).item();
    await run(1);
    const held = new Set<number>();
    let failures = 0;
    for (let room = 256; ; room += 256) {
      limit(room);
      const found = await run(40).catch((error: unknown) => error);
      if (typeof found === "number") break;
      expect(found).toMatchObject({ code: "E540" });
      expect(() => backend.alloc(2 ** 20)).toThrow("E540"); // so that what is kept for later is given up
      held.add(backend.stats().reservedBytes!);
      failures++;
    }
    expect(failures).toBeGreaterThan(3);
    expect([...held]).toHaveLength(1);
    await backend.close();
  });

  testEmulatedDevice(
    "a step that does not fit says what is large, spoils nothing, and a smaller one works",
    async () => {
      await setBackend(cudaNative({ cache: false }));
      const weight = variable(tensor(Float32Array.from({ length: 8 }, (_, i) => i / 8)));
      const step = compile(
        (x: Tensor) => {
          const [loss, grads] = valueAndGrad(() => x.mul(weight.value).softmax().square().sum(), { weight });
          weight.assign(weight.value.sub(grads.weight.mul(0.1)));
          return loss;
        },
        { inputs: [spec(["B", 8])] },
      );
      const run = async (rows: number) => (await step(ones(rows))).item();
      const first = await run(4);
      const after = await weight.value.data();
      limit(2 ** 20);
      await expect(run(20_000)).rejects.toThrowErrorMatchingInlineSnapshot(`
        [LimitError E540 cuda-native: the GPU has no 1280000 bytes left: 408064 of 1048576 are free.
          arg0: float32 [B, 8], 640000 bytes
          add: float32 [B, 8], 640000 bytes
          add (2): float32 [B, 8], 640000 bytes
          input 1: float32 [8], 32 bytes
          result 1: float32 [8], 32 bytes
          result 0: float32 [], 4 bytes
          fix: use a smaller batch, release what is not needed any more, or close what else uses the GPU.]
      `);
      await expect(run(20_000)).rejects.toMatchObject({ code: "E540" });
      expect(await weight.value.data()).toEqual(after);
      expect(await run(4)).toBeLessThan(first);
      expect(await run(2000)).toBeGreaterThan(0);
      const { peakBytes, reservedBytes } = memory().devices.at(-1)!;
      expect(peakBytes).toBeGreaterThan(2000 * 32);
      expect(reservedBytes).toBeLessThanOrEqual(2 ** 20);
    },
  );

  testEmulatedDevice("where one result of several has no room, none of them is left behind", async () => {
    limit(2 ** 20 + 700_000); // the device before holds the rest
    await setBackend(cudaNative({ cache: false }));
    const three = compile((x: Tensor) => [x.add(1), x.mul(2), x.neg()]);
    await three(tensor([1]));
    const before = memory().devices.at(-1)!.liveBuffers;
    const large = three(tensor(new Float32Array(60_000))).then(([x]) => x!.data());
    await expect(large).rejects.toThrow("E540 cuda-native: the GPU has no 240000 bytes left");
    expect(memory().devices.at(-1)!.liveBuffers).toBe(before);
  });
});
