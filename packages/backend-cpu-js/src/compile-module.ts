import { type CompiledModule, engine } from "./engine.ts";

/** What V8 is to do while it compiles our modules, and what it does by default, from which of its versions on. */
const flags: readonly (readonly [ours: string, usual: string, since: number])[] = [
  ["--no-liftoff", "--liftoff", 0], // optimised code at once, where a kernel may run once and long
  ["--no-wasm-lazy-compilation", "--wasm-lazy-compilation", 0], // before the first run, not during it
  // calls are inlined by what Liftoff counted: without it, version 14.6 ends the process. Before 13 this is off anyway
  ["--no-wasm-inlining", "--wasm-inlining", 13],
];

interface V8 {
  setFlagsFromString(flag: string): void;
}

interface Process {
  getBuiltinModule?(id: string): V8 | undefined;
  readonly versions?: { readonly bun?: string; readonly v8?: string };
  readonly execArgv?: readonly string[];
}

/**
 * Compiles a module. In Node at once, by the optimising compiler alone; in a page in the background, as the engine sees fit.
 * Flags are set for the duration of the call only; somebody who has set them for the whole process keeps them.
 */
export async function compileModule(bytes: Uint8Array<ArrayBuffer>): Promise<CompiledModule> {
  const { Module, compile } = engine();
  const { process } = globalThis as { readonly process?: Process };
  const v8 = process?.versions?.bun === undefined ? process?.getBuiltinModule?.("node:v8") : undefined;
  if (v8 === undefined) return compile.call(engine(), bytes);
  const version = Number.parseInt(process?.versions?.v8 ?? "0", 10);
  const taken = process?.execArgv?.some((flag) => /liftoff|wasm-lazy|wasm-inlining/.test(flag)) ?? false;
  const chosen = taken ? [] : flags.filter(([, , since]) => version >= since);
  try {
    for (const [ours] of chosen) v8.setFlagsFromString(ours);
    return new Module(bytes);
  } finally {
    for (const [, usual] of chosen) v8.setFlagsFromString(usual);
  }
}
