import { checkLimit, defaultLimits, type Limits } from "./limits.ts";
import { IR_VERSION, type Module } from "./module.ts";
import { accept, type VerifiedModule } from "./recorded.ts";
import { toGraph } from "./to-graph.ts";
import { checkCalls } from "./verify-calls.ts";
import { collectFaults, type Fault, type Faults, VerificationError } from "./verify-fault.ts";
import { checkFunctions, isName } from "./verify-functions.ts";
import { checkEntries, checkManifests, checkTables } from "./verify-manifest.ts";
import { Rows } from "./verify-rows.ts";
import { checkSymbols, Types } from "./verify-types.ts";
import { opsetVersion } from "./versions.ts";

export { defaultLimits, type Limits } from "./limits.ts";
export { type Fault, type FaultCode, faultCodes, faultText, VerificationError } from "./verify-fault.ts";

/** The module, now known to be well-formed. Throws a `VerificationError` that lists up to 20 faults. */
export function verify(module: Module, limits: Partial<Limits> = {}): VerifiedModule {
  const faults = verifyModule(module, limits);
  if (faults.length > 0) throw new VerificationError(faults);
  return accept(module, (entry) => toGraph(module, module.entries.get(entry)!));
}

/**
 * What is wrong with a module; nothing when it is well-formed. In linear time and without recursion. Each step builds
 * on the one before it, so the first step that finds faults is the last.
 */
export function verifyModule(module: Module, given: Partial<Limits> = {}): readonly Fault[] {
  const limits = { ...defaultLimits, ...given };
  return collectFaults((faults) => {
    const found = (): boolean => faults.list.length > 0;
    if (!isModule(module))
      return faults.add("E300", "module", "this is no module", {
        hint: "build it with buildModule, or read it with parseModule or moduleFromBinary",
      });
    checkHead(module, limits, faults);
    if (found()) return;
    const types = new Types(checkSymbols(module, faults), limits, faults);
    const functions = checkFunctions(module, types, limits, faults);
    if (found()) return;
    const rows = new Rows(module, functions, types, limits, faults);
    for (const facts of functions.values()) rows.check(facts);
    if (found()) return;
    const order = checkCalls(module, limits, faults);
    if (found()) return;
    checkEntries(module, functions, order, faults);
    if (found()) return;
    checkManifests(module, functions, faults);
    checkTables(module.tables, functions, faults);
  });
}

function isModule(module: Module | null | undefined): module is Module {
  const { version, functions, symbols, weights, state, opsets, entries, tables } = module ?? {};
  return (
    [version, functions, symbols, weights, state].every(Array.isArray) &&
    [opsets, entries, tables?.names, tables?.scopes, tables?.sources].every((map) => map instanceof Map)
  );
}

function checkHead({ version, opsets, functions }: Module, limits: Limits, faults: Faults): void {
  const [major, minor] = version;
  if (major !== IR_VERSION[0] || !(minor >= 0 && minor <= IR_VERSION[1])) {
    faults.add("E301", "module", "the IR version is one that this program knows", {
      got: version.join("."),
      expected: `${IR_VERSION[0]}.0 to ${IR_VERSION.join(".")}`,
      hint: "upgrade @tenon/ir, or write the module for an older version",
    });
  }
  for (const [name, wanted] of opsets) {
    const known = opsetVersion(name);
    if (!isName(name) || !Number.isSafeInteger(wanted) || wanted < 1)
      faults.add("E302", "module", `${JSON.stringify(name.slice(0, 80))}@${wanted} is no op set`);
    else if (known !== undefined && wanted > known) {
      faults.add("E302", "module", "op sets are known at their version", {
        got: `${name}@${wanted}`,
        expected: `at most ${name}@${known}`,
        hint: `upgrade @tenon/ir, or write the file for ${name}@${known}`,
      });
    }
  }
  try {
    checkLimit("module", limits, "functions", functions.length);
    checkLimit(
      "module",
      limits,
      "ops",
      functions.reduce((n, { ops }) => n + ops.length, 0),
    );
  } catch (error) {
    faults.addError(error, "module");
  }
}
