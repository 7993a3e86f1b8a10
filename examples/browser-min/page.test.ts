import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { digits } from "@tenon/datasets";
import { expect, test } from "vitest";
import {
  bundled,
  describeWithChromium,
  failureOf,
  openPage,
} from "../../packages/backend-webgpu/src/chromium.test-kit.ts";
import { capture, tool, workspaceNode } from "../../scripts/child.mjs";

const folder = fileURLToPath(new URL(".", import.meta.url));
const html = readFileSync(`${folder}/index.html`, "utf8");

const files = async () => ({ "/index.html": html, "/page.ts": await bundled(`import "./page.ts";`, folder) });

test("the page's types are right in a page, without Node's", { timeout: 60_000 }, async () => {
  const { output } = await capture(workspaceNode(), [tool("typescript", "tsc"), "-p", folder, "--noEmit"]);
  expect(output).toBe("");
});

describeWithChromium("in Chromium, the page", () => {
  test.each([
    ["webgpu", 160, 60],
    ["cpu-js", 300, 80],
  ])("learns to read digits by %s, and shows how", async (backend, steps, right) => {
    const page = await openPage(await files(), { query: `?steps=${steps}&backend=${backend}` });
    await Promise.race([page.waitForSelector("body[data-done]", { timeout: 50_000 }), failureOf(page)]);

    const status = (await page.textContent("#status"))!;
    const [, step, of, accuracy, by] = /^step (\d+) of (\d+) · loss \d\.\d{3} · ([\d.]+) % of unseen .+ · (.+)$/.exec(
      status,
    )!;
    expect([Number(step), Number(of), by]).toEqual([steps, steps, backend]);
    expect(Number(accuracy)).toBeGreaterThan(right);

    // The curve begins with the loss of guessing, ln 10, at the upper edge, and ends near 0, at the lower.
    const points = (await page.getAttribute("#curve", "points"))!
      .split(" ")
      .map((point) => point.split(",").map(Number));
    expect(points.length).toBe(steps);
    const losses = points.map(([, y]) => Math.log(10) * (1 - y! / 200));
    expect(Math.abs(losses[0]! - Math.log(10))).toBeLessThan(0.4);
    expect(losses.slice(-20).reduce((sum, loss) => sum + loss, 0) / 20).toBeLessThan(1);
    expect(points.at(-1)![0]).toBe(600);

    // What is marked as wrong is what differs from the labels.
    const { y } = digits({ train: 6000, test: 500 }).test;
    const captions = await page.$$eval("figcaption", (all) => all.map((one) => [one.textContent, one.className]));
    expect(captions.length).toBe(36);
    for (const [i, [digit, mark]] of captions.entries()) expect(mark).toBe(digit === String(y.data[i]) ? "" : "wrong");
    await page.close();
  });

  test("takes what computes without a GPU where there is none but in software", async () => {
    const page = await openPage(await files(), { query: "?steps=1" });
    const status = page.locator("#status", { hasText: "cpu-js" });
    expect(await status.textContent({ timeout: 20_000 })).toMatch(/^step \d/);
    await page.close();
  });

  test("says which backends there are when it is asked for another", async () => {
    const page = await openPage(await files(), { query: "?backend=webgp" });
    const status = page.locator("#status", { hasText: "Error" });
    expect(await status.textContent({ timeout: 20_000 })).toMatch(
      /^BackendError E501 .*"webgp".*did you mean webgpu\?/s,
    );
    await page.close();
  });
});
