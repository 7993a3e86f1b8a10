import type { Report } from "@tenon/conformance";
import { expect, test } from "vitest";
import { describeWithChromium, runInPage } from "./chromium.test-kit.ts";

const program = `
  import { webgpu } from "@tenon/backend-webgpu";
  import { conformance } from "@tenon/conformance";

  export default async (options) => JSON.parse(JSON.stringify(await conformance(webgpu(), options)));
`;

/** What the kit says in a page. */
const judged = (options: object): Promise<Report> => runInPage(program, options) as Promise<Report>;

describeWithChromium("in Chromium", () => {
  test("webgpu passes a tenth of the quick profile", { timeout: 900_000 }, async () => {
    const { cells, counts } = await judged({ share: 0.1, steps: 3 });
    expect(cells.filter(({ status }) => status === "fail")).toEqual([]);
    expect(counts.pass).toBeGreaterThan(250);
  });

  test("50 steps of each net of the kit stay in the interpreter's band", { timeout: 120_000 }, async () => {
    const { cells, counts } = await judged({ only: ["training"], steps: 50 });
    expect(cells.filter(({ status }) => status === "fail")).toEqual([]);
    expect(counts.pass).toBeGreaterThan(3);
  });
});
