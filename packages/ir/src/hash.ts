import { moduleToBinary } from "./binary.ts";
import { magic } from "./binary-layout.ts";
import { abstractModule, canonicalModule } from "./canonical.ts";
import type { Module } from "./module.ts";
import { sha256Hex } from "./sha256.ts";

/**
 * SHA-256 of a module's canonical form, 64 hexadecimal digits: what the module computes, weights and state manifests
 * included, and nothing else. Names of values, functions and sizes, layer paths, dead ops and the order in which the
 * module was built do not change it. For verified modules.
 */
export const contentHash = (module: Module): string => sectionsHash(canonicalModule(module));

/**
 * The same with every splat constant at 0 and every size unbounded. Two modules of one structural and two content
 * hashes differ in scalars or ranges only: such a scalar had better be an input, so that one executable serves both.
 */
export const structuralHash = (module: Module): string => sectionsHash(abstractModule(module));

/** The hash of the sections alone: a new minor version of the IR does not change it. */
function sectionsHash(module: Module): string {
  const bytes = moduleToBinary(module);
  let at = magic.length;
  for (const _ of module.version) while (bytes[at++]! >= 128);
  return sha256Hex(bytes.subarray(at));
}
