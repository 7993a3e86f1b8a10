import { decodeElements, dimSymbol, encodeElements, matmul } from "@tenon/ir";
import { expect, test } from "vitest";
import { compiled, f32, fnOf } from "./agrees.test-kit.ts";
import { webgpu } from "./backend.ts";
import { acquireDevice } from "./device.ts";
import { describeWithGpu, softwareGpu } from "./gpu.test-kit.ts";

/** A device that has no memory for buffers of `most` bytes and more. What it gives in their place cannot be used. */
async function poorDevice(most: number): Promise<GPUDevice> {
  const { device } = await acquireDevice({ gpu: softwareGpu() });
  const scopes: { readonly filter: GPUErrorFilter; failed: boolean }[] = [];
  const own: Partial<GPUDevice> = {
    pushErrorScope(filter) {
      scopes.push({ filter, failed: false });
      device.pushErrorScope(filter);
    },
    async popErrorScope() {
      const { failed } = scopes.pop()!;
      const found = await device.popErrorScope();
      return failed ? ({ message: "no memory" } as GPUError) : found;
    },
    createBuffer(descriptor) {
      const buffer = device.createBuffer(descriptor);
      if (descriptor.size < most) return buffer;
      scopes.findLast(({ filter }) => filter === "out-of-memory")!.failed = true;
      buffer.destroy();
      return buffer;
    },
  };
  return new Proxy(device, {
    get(target, key) {
      if (key in own) return own[key as keyof GPUDevice];
      const value = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

const rows = dimSymbol("N", { min: 1, max: 4096 });

describeWithGpu("of SwiftShader", () => {
  test("a run for which there is no memory fails with the largest tensors, and a smaller one works", async () => {
    const backend = await webgpu({ device: await poorDevice(2 ** 20) }).create();
    const program = await compiled(
      backend,
      fnOf([f32(rows, 1)], (x) => [matmul(matmul(x, x.transpose()).relu(), x)]),
    );
    const ones = (n: number) => {
      const x = backend.alloc(4 * n);
      backend.write(x, encodeElements("float32", new Float64Array(n).fill(1)));
      return x;
    };
    const [large, small] = [ones(600), ones(100)];
    const [result] = program.run([large], { dims: { N: 600 } }); // 1.4 MB between the products
    await expect(backend.read(result!)).rejects.toThrowErrorMatchingInlineSnapshot(`
      [LimitError E540 main: the device has no memory left for the run.
        maximum: float32 [N, N], 1440000 bytes
        input 0: float32 [N, 1], 2400 bytes
        result 0: float32 [N, 1], 2400 bytes
        fix: release what is not needed any more, or use a smaller batch.]
    `);
    await expect(backend.sync()).rejects.toMatchObject({ code: "E540" });
    await backend.sync();
    const [smaller] = program.run([small], { dims: { N: 100 } });
    expect(decodeElements("float32", await backend.read(smaller!))[99]).toBe(100);
    await expect(backend.read(result!)).rejects.toMatchObject({ code: "E540" });
    expect((await backend.read(large)).byteLength).toBe(2400);
    await backend.sync();
    await backend.close();
  });

  test("memory of the caller's for which there is no room is refused wherever it is used", async () => {
    const backend = await webgpu({ device: await poorDevice(2 ** 20) }).create();
    const program = await compiled(
      backend,
      fnOf([f32(400_000)], (x) => [x.sum()]),
    );
    const x = backend.alloc(1_600_000);
    const [early] = program.run([x]);
    await expect(backend.sync()).rejects.toThrow("E540 alloc: the device has no memory left for 1600000 bytes");
    for (const buffer of [x, early!, program.run([x])[0]!])
      await expect(backend.read(buffer)).rejects.toMatchObject({ code: "E540" });
    await backend.close();
  });
});
