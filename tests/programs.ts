import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../scripts/workspace.mjs";

/** How a program ended, and what it said. */
export interface Outcome {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

export interface Circumstances {
  readonly env?: NodeJS.ProcessEnv;
  /** Ctrl-C is pressed when either stream has shown this. */
  readonly interruptAt?: RegExp;
  /** The working directory; by default one that is gone afterwards. */
  readonly folder?: string;
}

/** Runs a program of the workspace as its users do: on built packages, in a process and a folder of its own, without MNIST. */
export async function runProgram(
  path: string,
  options: readonly string[],
  { env = {}, interruptAt, folder }: Circumstances = {},
): Promise<Outcome> {
  const { TENON_DATA: _data, TENON_BACKEND: _backend, ...inherited } = process.env;
  const cwd = folder ?? mkdtempSync(join(tmpdir(), "program-"));
  const child = spawn(process.execPath, [join(root, path), ...options], {
    cwd,
    env: { ...inherited, TENON_MIRROR: "http://127.0.0.1:9", TENON_CACHE: join(cwd, "cache"), ...env },
  });
  let [output, errors] = ["", ""];
  const look = (): void => {
    if (interruptAt?.test(output + errors) && !child.killed) child.kill("SIGINT");
  };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    look();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
    look();
  });
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on("error", reject).on("close", resolve);
    });
    return { code, output, errors };
  } finally {
    if (folder === undefined) rmSync(cwd, { recursive: true });
  }
}

/** The last line, which `--json` makes the results. */
export const resultsOf = ({ output }: Outcome): Record<string, unknown> =>
  JSON.parse(output.trimEnd().split("\n").at(-1)!) as Record<string, unknown>;
