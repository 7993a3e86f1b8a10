import { existsSync, writeSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Browser, Page } from "playwright-core";
import { afterAll, describe, test } from "vitest";

/** Chromium with SwiftShader for a GPU, without a sandbox, since tests run as root, and without calls to anybody. */
const flags = [
  ...["--headless=new", "--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
  ...["--no-first-run", "--disable-quic"],
];

const executable = [
  ...["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/opt/google/chrome/chrome"],
  ...["/Applications/Chromium.app/Contents/MacOS/Chromium"],
  ...["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"],
].find((path) => existsSync(path));

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

async function launch(): Promise<Browser> {
  const { chromium } = await import("playwright-core");
  return chromium.launch({ executablePath: executable!, headless: false, args: flags });
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".ts": "text/javascript; charset=utf-8", // a page may name its source; what is served for it is bundled
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

/** Files that a page may load, by path: `/index.html`. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

export interface PageOptions {
  /** Sent with every file, such as those that isolate a page from others. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What comes after the page's path, such as `?backend=cpu-js`. */
  readonly query?: string;
}

/** Serves the files on a free port of this machine alone, and gives the address. */
async function serve(files: Files, headers: Readonly<Record<string, string>>): Promise<string> {
  const server = createServer((request, response) => {
    const path = new URL(request.url!, "http://localhost").pathname;
    const file = files[path === "/" ? "/index.html" : path];
    if (file === undefined) response.writeHead(404).end();
    else response.writeHead(200, { "content-type": types[extname(path) || ".html"] ?? "", ...headers }).end(file);
  });
  servers.push(server);
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** A page of Chromium that loads `/index.html` of the files, which is empty unless given. */
export async function openPage(files: Files, { headers = {}, query = "" }: PageOptions = {}): Promise<Page> {
  browser ??= launch();
  const page = await (await browser).newPage();
  page.on("console", (message) => console.log(message.text()));
  const address = await serve({ "/index.html": "<!doctype html>", "/favicon.ico": "", ...files }, headers);
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

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** A program for pages, of TypeScript that may import the packages of the house and, by `./`, files of this folder. */
export async function bundled(program: string, folder = fileURLToPath(new URL(".", import.meta.url))): Promise<string> {
  const { outputFiles, warnings } = await build({
    stdin: { contents: program, resolveDir: folder, loader: "ts" },
    tsconfig: `${root}/tsconfig.base.json`, // packages are read from their sources
    ignoreAnnotations: true, // what has side effects is said of the built files
    ...{ bundle: true, write: false, format: "esm", platform: "browser", logLevel: "silent" },
  });
  for (const { text } of warnings) throw new Error(`esbuild warns: ${text}`);
  return outputFiles[0]!.text;
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
