import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The workspace's folder, absolute, with forward slashes on every platform and none at the end. */
export const root = fileURLToPath(new URL("..", import.meta.url))
  .replaceAll("\\", "/")
  .replace(/\/$/, "");

/** Where stamps, reports and tarballs lie; it goes when `node_modules` goes. */
export const cache = join(root, "node_modules", ".cache", "tenon");

/** The folders below `parent` that hold a package, relative to the root and sorted. */
export function packagesIn(/** @type {string} */ parent) {
  return readdirSync(join(root, parent))
    .map((name) => `${parent}/${name}`)
    .filter((folder) => existsSync(join(root, folder, "package.json")))
    .sort();
}

/** The parsed `package.json` of a folder. */
export function manifest(/** @type {string} */ folder) {
  return JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
}

/** SHA-256 over texts, in hexadecimal. */
export function digest(/** @type {Iterable<string>} */ texts) {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(text).update("\0");
  return hash.digest("hex");
}

/** Whether the last `stamp(name, value)` had this value. */
export function isStamped(/** @type {string} */ name, /** @type {string} */ value) {
  const path = join(cache, name);
  return existsSync(path) && readFileSync(path, "utf8") === value;
}

/** Remembers that the work `name` was done for inputs with this digest. The file appears whole or not at all. */
export function stamp(/** @type {string} */ name, /** @type {string} */ value) {
  const path = join(cache, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.${process.pid}`, value);
  renameSync(`${path}.${process.pid}`, path);
}

/** Forgets a stamp, before the work that it stands for is begun again. */
export function unstamp(/** @type {string} */ name) {
  rmSync(join(cache, name), { force: true });
}
