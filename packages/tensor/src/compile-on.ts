import { type Backend, type CompileOptions, debugs, type Executable } from "@tenon/backend";
import type { VerifiedModule } from "@tenon/ir";

/**
 * Compiles a module on a backend. With `TENON_DEBUG=verify` what was recorded is verified in full first, as a file is:
 * whoever writes an op, a transform or a rule learns there of what its node should not have been.
 */
export async function compileOn(
  backend: Backend,
  module: VerifiedModule,
  entry: string,
  options?: CompileOptions,
): Promise<Executable> {
  if (debugs("verify")) (await import("./later.ts")).verify(module);
  return backend.compile(module, entry, options);
}
