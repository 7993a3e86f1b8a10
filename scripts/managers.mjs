import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { hostNode } from "./child.mjs";
import { manifest } from "./workspace.mjs";

/** @typedef {{ file: string, args: string[], shell: boolean }} Command */

/**
 * The command that starts npm, or npx, which every npm brings along.
 *
 * It is started as a script of the running npm: on Windows `npm` and `npx` are batch files, which need a shell.
 *
 * @param {"npm" | "npx"} name
 * @param {readonly string[]} args
 * @returns {Command}
 */
function ofNpm(name, args) {
  const running = process.env.npm_execpath ?? "";
  const script = join(dirname(running), `${name}-cli.js`);
  if (/npm-cli\.js$/.test(running) && existsSync(script))
    return { file: hostNode, args: [script, ...args], shell: false };
  return { file: name, args: [...args], shell: process.platform === "win32" };
}

export function npm(/** @type {readonly string[]} */ args) {
  return ofNpm("npm", args);
}

/** The command that starts the pinned pnpm through npx. */
export function pnpm(/** @type {readonly string[]} */ args) {
  return ofNpm("npx", ["--yes", manifest(".").packageManager, ...args]);
}
