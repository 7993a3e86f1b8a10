import { expect, test } from "vitest";
import { bundled, describeWithChromium, openPage, runInPage } from "./chromium.test-kit.ts";

const doubling = `
  import { acquireDevice } from "@tenon/backend-webgpu";
  import { doubled } from "./device-doubling.test-kit.ts";

  export default async function double(values) {
    const { device, adapter, features } = await acquireDevice();
    const found = { values: await doubled(device, values), adapter, limit: device.limits.maxBufferSize };
    device.destroy();
    return found;
  }
`;

describeWithChromium("in Chromium", () => {
  test("a page gets a device, and computes on it", async () => {
    expect(await runInPage(doubling, [1, 2.5, -3])).toEqual({
      values: [2, 5, -6],
      adapter: {
        vendor: "google",
        architecture: "swiftshader",
        name: expect.stringMatching(/swiftshader/i),
        software: true,
        fingerprint: expect.stringMatching(/^google\/swiftshader.*\+subgroups$/),
      },
      limit: 2 ** 30,
    });
  });

  test("a worker gets a device, and computes on it", async () => {
    const inWorker = `${doubling}; onmessage = async ({ data }) => postMessage((await double(data)).values);`;
    const page = await openPage({ "/worker.js": await bundled(inWorker) });
    const answer = await page.evaluate(`new Promise((resolve, reject) => {
      const worker = new Worker("/worker.js", { type: "module" });
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = reject;
      worker.postMessage([0.25, 8]);
    })`);
    expect(answer).toEqual([0.5, 16]);
    await page.close();
  });

  test("what a page throws is what the test gets", async () => {
    const impossible = `
      import { acquireDevice } from "@tenon/backend-webgpu";
      export default () => acquireDevice({ requiredFeatures: ["shader-f16"] });`;
    await expect(runInPage(impossible)).rejects.toThrow("E564 webgpu: there is no shader-f16.");
  });
});
