import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { hostNode } from "./child.mjs";
import { manifest } from "./workspace.mjs";

/**
 * The command that starts the pinned pnpm through npx, which every npm brings along.
 *
 * npx is started as a script of the running npm: on Windows `npx` is a batch file, which needs a shell.
 *
 * @param {readonly string[]} args
 * @returns {{ file: string, args: string[], shell: boolean }}
 */
export function pnpm(args) {
  const pinned = ["--yes", manifest(".").packageManager, ...args];
  const npm = process.env.npm_execpath ?? "";
  const npx = join(dirname(npm), "npx-cli.js");
  if (/npm-cli\.js$/.test(npm) && existsSync(npx)) return { file: hostNode, args: [npx, ...pinned], shell: false };
  return { file: "npx", args: pinned, shell: process.platform === "win32" };
}
