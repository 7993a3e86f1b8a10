import { TenonError } from "@tenon/ir";

/** A function or module that cannot be assembled as it was written. */
export class AssemblyError extends TenonError {
  static override readonly title = "AssemblyError";
}

/**
 * First line of the stack outside the assembler: the call that is wrong, as `gemm.ts:40`.
 *
 * Source files and built files stand in a folder `assembler`; a bundle has no such folder, and then there is no line.
 */
export function callLine(stack = new Error().stack ?? ""): string | undefined {
  for (const line of stack.split("\n").slice(1)) {
    const path = /(?:\(|at )(?:file:\/\/)?([^()\s]+:\d+):\d+\)?$/.exec(line.trim())?.[1]?.replaceAll("\\", "/");
    if (path === undefined || /\/assembler\/[\w-]+\.[jt]s:/.test(path)) continue;
    return path.split("/").at(-1);
  }
  return undefined;
}
