import { existsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Browser } from "playwright-core";

/** Chromium with SwiftShader for a GPU, without a sandbox, since tests run as root, and without calls to anybody. */
const flags = [
  ...["--headless=new", "--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
  ...["--no-first-run", "--disable-quic"],
];

/** Where Chromium is, if it is installed. */
export const executable = [
  ...["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/opt/google/chrome/chrome"],
  ...["/Applications/Chromium.app/Contents/MacOS/Chromium"],
  ...["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"],
].find((path) => existsSync(path));

/** Starts a Chromium with a fresh profile that goes with it. */
export async function launchChromium(): Promise<Browser> {
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

/** Serves the files on a free port of this machine alone, `/index.html` being empty unless given. */
export async function serve(
  given: Files,
  headers: Readonly<Record<string, string>>,
): Promise<{ readonly address: string; readonly server: Server }> {
  const files: Files = { "/index.html": "<!doctype html>", "/favicon.ico": "", ...given };
  const server = createServer((request, response) => {
    const path = new URL(request.url!, "http://localhost").pathname;
    const file = files[path === "/" ? "/index.html" : path];
    if (file === undefined) response.writeHead(404).end();
    else response.writeHead(200, { "content-type": types[extname(path) || ".html"] ?? "", ...headers }).end(file);
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, server };
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
