import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { BackendError, OptionError } from "@tenon/ir";
import type { BackendConfig } from "./choose.ts";
import type { BackendFactory } from "./contract.ts";
import { backendOf, isBackendId, knownBackends, unknownBackend } from "./pick.ts";
import { packageOfBackend, registeredBackends } from "./registry.ts";

export { type BackendConfig, type ChoiceSources, chooseBackend } from "./choose.ts";

/** Where an application's packages and configuration are looked for: the folder of the main script, then the working directory. */
export function applicationFolders(): readonly string[] {
  const main = process.argv[1];
  return [...new Set([...(main === undefined ? [] : [dirname(main)]), process.cwd()])];
}

/**
 * The backend of a name. One that is not registered is imported from the packages of the application, which is what
 * registers it.
 */
export async function resolveBackend(
  id: string,
  folders: readonly string[] = applicationFolders(),
): Promise<BackendFactory> {
  if (registeredBackends().some((factory) => factory.id === id)) return backendOf(id);
  if (!isBackendId(id)) throw unknownBackend(id);
  const pack = packageOfBackend(id);
  const path = folders.map((folder) => installed(pack, folder)).find((found) => found !== undefined);
  if (path === undefined) throw missing(id, pack, folders);
  try {
    await import(pathToFileURL(path).href);
  } catch (cause) {
    throw new BackendError(
      "E504",
      "backend",
      `${pack} could not be loaded: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
  if (registeredBackends().some((factory) => factory.id === id)) return backendOf(id);
  throw new BackendError("E504", "backend", `${pack} was loaded but did not register ${id}`, {
    fix: `install a version of ${pack} that goes with this @tenon/backend`,
  });
}

function installed(pack: string, folder: string): string | undefined {
  try {
    return createRequire(join(folder, "anything.js")).resolve(pack);
  } catch {
    return undefined;
  }
}

function missing(id: string, pack: string, folders: readonly string[]): BackendError {
  if (!(knownBackends as readonly string[]).includes(id)) return unknownBackend(id);
  return new BackendError("E503", "backend", `${id} is not installed`, {
    at: folders.join(", "),
    fix: `install it with: npm install ${pack}`,
  });
}

const configNames = ["tenon.config.js", "tenon.config.mjs", "tenon.config.json", "tenon.config.ts"];

/** The application's configuration file, at most as far up as its package.json; its default export, or its JSON. */
export async function readConfig(
  folders: readonly string[] = applicationFolders(),
): Promise<BackendConfig | undefined> {
  const path = folders.map(findConfig).find((found) => found !== undefined);
  if (path === undefined) return undefined;
  const config: unknown = await load(path);
  if (typeof config === "object" && config !== null && !Array.isArray(config)) return config as BackendConfig;
  throw new OptionError(
    "E806",
    "tenon.config",
    config === undefined
      ? "the configuration has no default export"
      : `the configuration is a ${typeof config}, not a record`,
    {
      at: path,
      fix: 'export default { backend: "cpu-js" }',
    },
  );
}

function findConfig(folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const found = configNames.map((name) => join(at, name)).find((path) => existsSync(path));
    if (found !== undefined || dirname(at) === at || existsSync(join(at, "package.json"))) return found;
  }
}

async function load(path: string): Promise<unknown> {
  try {
    if (path.endsWith(".json")) return JSON.parse(readFileSync(path, "utf8"));
    return ((await import(pathToFileURL(path).href)) as { default?: unknown }).default;
  } catch (cause) {
    const stripped = path.endsWith(".ts") && !process.features.typescript;
    throw new OptionError(
      "E806",
      "tenon.config",
      `the configuration cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        at: path,
        ...(stripped && { fix: "this Node does not strip types; write tenon.config.js" }),
        cause,
      },
    );
  }
}
