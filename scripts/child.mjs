import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { manifest, root } from "./workspace.mjs";

const PINNED_MAJOR = 26; // the workspace's own Node, an optional dependency per platform

/** The absolute path of the workspace's own Node, which the tools and the examples need. */
export function workspaceNode() {
  const file = process.platform === "win32" ? "node.exe" : "node";
  const platform = `${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
  for (const name of [`node-${platform}`, `node-bin-${platform}`]) {
    const path = join(root, "node_modules", name, "bin", file);
    if (existsSync(path)) return path;
  }
  if (Number.parseInt(process.versions.node, 10) >= PINNED_MAJOR) return process.execPath;
  throw new Error(
    `There is no packaged Node ${PINNED_MAJOR} for ${process.platform} ${process.arch}, and this is Node ${process.versions.node}.\n` +
      `  fix: run the command with Node ${PINNED_MAJOR} or newer.`,
  );
}

/** The Node that npm itself runs on: the user's, not the workspace's. */
export const hostNode = process.env.npm_node_execpath ?? process.execPath;

/**
 * The environment of every child: the workspace's Node and tools come first on the path.
 * Windows may call the variable `Path`, and two spellings at once would be ambiguous.
 */
export function environment(/** @type {Record<string, string>} */ extra = {}) {
  const entries = Object.entries(process.env).filter(([name]) => name.toLowerCase() !== "path");
  const path = Object.entries(process.env).find(([name]) => name.toLowerCase() === "path")?.[1] ?? "";
  const first = [dirname(workspaceNode()), join(root, "node_modules", ".bin")];
  return {
    ...Object.fromEntries(entries),
    PATH: [...first, path].join(delimiter),
    TENON_HOST_NODE: hostNode,
    TURBO_TELEMETRY_DISABLED: "1",
    TURBO_NO_UPDATE_NOTIFIER: "1",
    DO_NOT_TRACK: "1",
    ...extra,
  };
}

/** The script behind a tool's command, to be run by a chosen Node. */
export function tool(/** @type {string} */ packageName, /** @type {string} */ command = packageName) {
  const folder = `node_modules/${packageName}`;
  const { bin } = manifest(folder);
  return join(root, folder, typeof bin === "string" ? bin : bin[command]);
}

/**
 * Runs a program to its end and returns its exit status. Its streams are ours, and so are the signals sent to us.
 *
 * A terminal already gives Ctrl-C to the whole process group, so that one is passed on only without a terminal.
 *
 * @param {string} file
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, shell?: boolean }} options
 * @returns {Promise<number>}
 */
export function run(file, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: root, stdio: "inherit", ...options });
    const forward = (/** @type {NodeJS.Signals} */ signal) => {
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    };
    /** @type {NodeJS.Signals[]} */
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
    for (const signal of signals) process.on(signal, forward);
    const release = () => {
      for (const signal of signals) process.off(signal, forward);
    };
    child.on("error", (error) => {
      release();
      reject(error);
    });
    child.on("close", (status, signal) => {
      release();
      if (signal !== null) process.kill(process.pid, signal);
      resolve(status ?? 1);
    });
  });
}

/** Runs a script on the workspace's Node. */
export function runNode(/** @type {readonly string[]} */ args, /** @type {Record<string, string>} */ extra = {}) {
  return run(workspaceNode(), args, { env: environment(extra) });
}

/**
 * Runs a program to its end with its output captured, both streams together.
 *
 * @param {string} file
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, shell?: boolean }} options
 * @returns {Promise<{ status: number, output: string }>}
 */
export function capture(file, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"], ...options });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text) => (output += text));
    child.on("error", reject);
    child.on("close", (status) => resolve({ status: status ?? 1, output }));
  });
}
