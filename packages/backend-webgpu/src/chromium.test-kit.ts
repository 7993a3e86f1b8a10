import { writeSync } from "node:fs";
import type { Server } from "node:http";
import type { Browser, Page } from "playwright-core";
import { afterAll, describe, test } from "vitest";
import { bundled, executable, type Files, launchChromium, serve } from "./page.test-kit.ts";

export { bundled, type Files } from "./page.test-kit.ts";

if (executable === undefined)
  writeSync(2, "\n*** No Chromium: the tests in pages are SKIPPED. apt-get install chromium ***\n");

const TIMEOUT_MS = 60_000; // the first test of a file also starts Chromium

/** Tests that need Chromium; where there is none they are skipped. */
export const describeWithChromium = (name: string, body: () => void): void =>
  void describe.skipIf(executable === undefined)(name, { timeout: TIMEOUT_MS }, body);
export const testWithChromium = (name: string, body: () => Promise<void>): void =>
  void test.skipIf(executable === undefined)(name, { timeout: TIMEOUT_MS }, body);

let browser: Promise<Browser> | undefined;
const servers: Server[] = [];

// One browser for the tests of a file, with a fresh profile that goes with it.
afterAll(async () => {
  await (await browser)?.close();
  for (const server of servers) server.close();
});

export interface PageOptions {
  /** Sent with every file, such as those that isolate a page from others. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What comes after the page's path, such as `?backend=cpu-js`. */
  readonly query?: string;
}

/** A page of Chromium that loads `/index.html` of the files, which is empty unless given. */
export async function openPage(files: Files, { headers = {}, query = "" }: PageOptions = {}): Promise<Page> {
  browser ??= launchChromium();
  const page = await (await browser).newPage();
  page.on("console", (message) => console.log(message.text()));
  const { address, server } = await serve(files, headers);
  servers.push(server);
  await page.goto(address + query, { waitUntil: "commit" });
  return page;
}

/** Rejects with the first error that the page throws or reports; races with whatever a test waits for in it. */
export function failureOf(page: Page): Promise<never> {
  return new Promise((_, reject) => {
    page.on("pageerror", reject);
    page.on("console", (message) => message.type() === "error" && reject(new Error(message.text())));
  });
}

/** Runs the function that `program` exports as its default, in a page of its own, and gives what it returns. */
export async function runInPage(program: string, argument?: unknown, options?: PageOptions): Promise<unknown> {
  const page = await openPage({ "/program.js": await bundled(program) }, options);
  try {
    const call = `import("/program.js").then((program) => program.default(${JSON.stringify(argument)}))`;
    return await page.evaluate(call);
  } finally {
    await page.close();
  }
}
