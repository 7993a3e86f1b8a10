import type { Backend, Buffer } from "@tenon/backend";
import { decodeElements, encodeElements } from "@tenon/ir";
import { expect, test } from "vitest";
import { compiled, f32, fnOf } from "./agrees.test-kit.ts";
import { webgpu } from "./backend.ts";
import { fragile } from "./fragile.test-kit.ts";
import { describeWithGpu, softwareGpu } from "./gpu.test-kit.ts";

const SIZE = 600; // more than the slab has room for
const values = (x: number): Uint8Array => encodeElements("float32", new Float64Array(SIZE).fill(x));
const first = async (backend: Backend, buffer: Buffer): Promise<number> =>
  decodeElements("float32", await backend.read(buffer))[0]!;

/** (w alias 0, b alias 1, x) → (w + x·2, b + 1), in which each buffer is large or small. */
const step = fnOf([f32(SIZE), f32(), f32(SIZE)], (w, b, x) => [w.add(x.mul(2)), b.add(1)], [0, 1]);

describeWithGpu("of SwiftShader", () => {
  test("after the loss of a device everything is refused until it is written again, then goes on", async () => {
    const { gpu, destroy } = fragile();
    const backend = await webgpu({ gpu }).create();
    const program = await compiled(backend, step);
    const [w, b, x, other] = [4 * SIZE, 4, 4 * SIZE, 8].map((bytes) => backend.alloc(bytes));
    backend.write(w!, values(1));
    backend.write(b!, encodeElements("float32", Float64Array.of(5)));
    backend.write(x!, values(2));
    program.run([w!, b!, x!]);
    expect([await first(backend, w!), await first(backend, b!)]).toEqual([5, 6]);

    program.run([w!, b!, x!]);
    destroy();
    await expect(backend.read(w!)).rejects.toMatchObject({ code: "E543" });
    await expect(backend.sync()).rejects.toThrow("E543 webgpu: the device was lost");
    await backend.sync();
    await expect(backend.read(b!)).rejects.toMatchObject({ code: "E543" });
    await expect(backend.read(other!)).rejects.toMatchObject({ code: "E543" });

    backend.write(x!, values(3));
    backend.write(w!, values(1).subarray(4), 4); // not all of it
    program.run([w!, b!, x!]);
    await expect(backend.read(b!)).rejects.toMatchObject({ code: "E543" });
    await expect(backend.sync()).rejects.toMatchObject({ code: "E543" });

    backend.write(w!, values(10));
    backend.write(b!, encodeElements("float32", Float64Array.of(1)));
    program.run([w!, b!, x!]);
    expect([await first(backend, w!), await first(backend, b!)]).toEqual([16, 2]);
    await backend.sync();
    await backend.close();
  });

  test("what is written before there is another device is there", async () => {
    let open = (): void => {};
    const { gpu, destroy, lost } = fragile(new Promise((resolve) => (open = resolve)));
    const backend = await webgpu({ gpu }).create();
    const program = await compiled(backend, step);
    const [a, b, c] = [backend.alloc(4 * SIZE), backend.alloc(4 * SIZE), backend.alloc(4)];
    destroy();
    await lost();
    const early = expect(backend.read(a)).rejects.toMatchObject({ code: "E543" });
    backend.write(a, values(7));
    backend.copy(a, b);
    backend.write(c, new Uint8Array(4));
    program.run([a, c, b]); // there is nothing to run it on
    const reading = first(backend, b);
    open();
    expect(await reading).toBe(7);
    await early;
    await expect(backend.read(c)).rejects.toMatchObject({ code: "E543" });
    backend.write(a, values(1));
    backend.write(c, new Uint8Array(4));
    program.run([a, c, b]);
    expect([await first(backend, a), await first(backend, c)]).toEqual([15, 1]);
    await backend.close();
  });

  test("50 devices are destroyed at any point of training, which ends as if none had been", {
    timeout: 60_000,
  }, async () => {
    const { gpu, destroy } = fragile();
    const backend = await webgpu({ gpu }).create();
    const program = await compiled(backend, step);
    const [w, b, x] = [4 * SIZE, 4, 4 * SIZE].map((bytes) => backend.alloc(bytes));
    let kept = { step: 0, w: values(0), b: encodeElements("float32", Float64Array.of(0)) };
    const restore = (): void => {
      backend.write(w!, kept.w);
      backend.write(b!, kept.b);
    };
    restore();
    let state = 12345;
    const draw = (below: number): number => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return (state >>> 8) % below;
    };
    let losses = 0;
    let refusals = 0;
    for (let done = 0; done < 150; ) {
      const lose = losses < 50 ? draw(4) : -1;
      const maybe = (point: number): void => {
        if (lose !== point) return;
        losses++;
        destroy();
      };
      try {
        maybe(0);
        backend.write(x!, values(done));
        maybe(1);
        program.run([w!, b!, x!]);
        maybe(2);
        const read = Promise.all([backend.read(w!), backend.read(b!)]);
        maybe(3);
        const [newW, newB] = await read;
        kept = { step: ++done, w: newW!, b: newB! };
      } catch (error) {
        expect(error).toMatchObject({ code: "E543" });
        refusals++;
        await backend.sync().catch(() => {});
        restore();
      }
    }
    expect(losses).toBe(50);
    expect(refusals).toBeGreaterThanOrEqual(50);
    expect(decodeElements("float32", kept.w)[SIZE - 1]).toBe(150 * 149); // Σ 2·i
    expect(decodeElements("float32", kept.b)[0]).toBe(150);
    await backend.sync().catch(() => {});
    await backend.close();
  });

  test("the loss of the application's own device is final", async () => {
    const device = await (await softwareGpu().requestAdapter())!.requestDevice();
    const backend = await webgpu({ device }).create();
    const a = backend.alloc(4);
    backend.write(a, new Uint8Array(4));
    device.destroy();
    await expect(backend.read(a)).rejects.toMatchObject({ code: "E543" });
    await expect(backend.read(a)).rejects.toThrow("it was the application's own");
    await backend.close();
  });
});
