import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig, resolveBackend } from "@tenon/backend/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tenon-backend-"));
  writeFileSync(join(folder, "package.json"), "{}");
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Installs a package of one file into the application's folder. */
function install(name: string, source: string): void {
  const path = join(folder, "node_modules", name);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, "package.json"), JSON.stringify({ name, type: "module", exports: "./index.js" }));
  writeFileSync(join(path, "index.js"), source);
}

const registering = (id: string) =>
  `(globalThis[Symbol.for("tenon.backends")] ??= new Map()).set("${id}", { id: "${id}", abi: 1, create: async () => null });`;

/** The text of the error, with the application's folder named so. */
const refusal = (found: Promise<unknown>): Promise<string> =>
  found.then(
    () => "no error",
    (error: Error) => String(error).replaceAll(folder, "<app>"),
  );

test("a backend is imported from the application's packages, by its name", async () => {
  install("@tenon/backend-acme", registering("acme"));
  expect((await resolveBackend("acme", [folder])).id).toBe("acme");
});

test("a backend that is not installed, and one that nobody knows, are refused with the line that installs it", async () => {
  expect(await refusal(resolveBackend("cuda-native", [folder]))).toMatchInlineSnapshot(`
    "BackendError E503 backend: cuda-native is not installed.
      at: <app>
      fix: install it with: npm install @tenon/backend-cuda-native."
  `);
  expect(await refusal(resolveBackend("wgpu", [folder]))).toMatchInlineSnapshot(`
    "BackendError E501 backend: there is no backend "wgpu".
      registered: acme
      fix: did you mean webgpu? Otherwise install it with: npm install @tenon/backend-wgpu."
  `);
  expect(await refusal(resolveBackend("../../etc", [folder]))).toMatchInlineSnapshot(`
    "BackendError E501 backend: there is no backend "../../etc".
      registered: acme
      fix: the backends are cuda-native, webgpu, cpu-js, interpreter, acme."
  `);
});

test("a package that fails or registers nothing is refused", async () => {
  install("@tenon/backend-broken", `throw new Error("no driver");`);
  install("@tenon/backend-silent", "");
  expect(await refusal(resolveBackend("broken", [folder]))).toMatchInlineSnapshot(
    `"BackendError E504 backend: @tenon/backend-broken could not be loaded: no driver."`,
  );
  expect(await refusal(resolveBackend("silent", [folder]))).toMatchInlineSnapshot(`
    "BackendError E504 backend: @tenon/backend-silent was loaded but did not register silent.
      fix: install a version of @tenon/backend-silent that goes with this @tenon/backend."
  `);
});

describe("the configuration file", () => {
  const within = (name: string, source: string): string => {
    const path = mkdtempSync(join(folder, "app-"));
    writeFileSync(join(path, "package.json"), `{ "type": "module" }`);
    writeFileSync(join(path, "tsconfig.json"), "{}"); // so that none of a folder above is read
    writeFileSync(join(path, name), source);
    return path;
  };

  test.each([
    ["tenon.config.json", `{ "backend": "cpu-js" }`],
    ["tenon.config.js", `export default { backend: "cpu-js" };`],
    ["tenon.config.mjs", `export default { backend: "cpu-js" };`],
    ["tenon.config.ts", `const name: string = "cpu-js"; export default { backend: name };`],
  ])("may be %s", async (name, source) => {
    expect(await readConfig([within(name, source)])).toEqual({ backend: "cpu-js" });
  });

  test("lies beside the package.json of the script, or below it", async () => {
    const path = within("tenon.config.json", `{ "backend": "cpu-js" }`);
    mkdirSync(join(path, "src", "deep"), { recursive: true });
    expect(await readConfig([join(path, "src", "deep")])).toEqual({ backend: "cpu-js" });
    writeFileSync(join(path, "src", "package.json"), "{}");
    expect(await readConfig([join(path, "src", "deep")])).toBe(undefined);
  });

  test("that cannot be read, or holds no record, is refused with its path", async () => {
    const broken = within("tenon.config.json", "{");
    const empty = within("tenon.config.js", "");
    expect((await refusal(readConfig([broken]))).replaceAll(/app-\w+/g, "app")).toMatchInlineSnapshot(`
      "OptionError E806 tenon.config: the configuration cannot be read: Expected property name or '}' in JSON at position 1 (line 1 column 2).
        at: <app>/app/tenon.config.json"
    `);
    expect((await refusal(readConfig([empty]))).replaceAll(/app-\w+/g, "app")).toMatchInlineSnapshot(`
      "OptionError E806 tenon.config: the configuration has no default export.
        at: <app>/app/tenon.config.js
        fix: export default { backend: "cpu-js" }."
    `);
  });
});
