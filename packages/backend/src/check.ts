import {
  BackendError,
  calledBy,
  type DType,
  type FunctionDef,
  lookupOp,
  type Module,
  type OpRecord,
  type OpRow,
  opsetVersion,
  sizeOf,
  type TensorType,
  valueTypes,
} from "@tenon/ir";
import type { Capabilities, DTypeUsage } from "./contract.ts";
import { entryFunction } from "./signature.ts";

/** Throws unless a backend of these capabilities can run the entry: IR version, op sets, dtypes, limits and features. */
export function checkModule(caps: Capabilities, module: Module, entry: string): void {
  checkVersions(caps, module);
  const byName = new Map(module.functions.map((f) => [f.name, f]));
  const reached = new Set([entryFunction(module, entry)]);
  for (const fn of reached) {
    const types = valueTypes(fn);
    fn.ops.forEach((row, i) => {
      const at = `@${fn.name} #${i}`;
      checkRow(
        caps,
        row,
        row.operands.map((v) => types[v]!),
        at,
      );
      for (const name of calledBy(row)) reached.add(byName.get(name)!);
    });
    checkTypes(caps, fn);
  }
}

function checkVersions({ ir, opsets, device }: Capabilities, { version, opsets: used }: Module): void {
  const [oldest, newest] = ir;
  const number = ([major, minor]: readonly [number, number]) => major * 1e6 + minor;
  if (number(version) < number(oldest) || number(version) > number(newest)) {
    throw new BackendError(
      "E512",
      "compile",
      `the module is of IR ${version.join(".")}, and ${oldest.join(".")} to ${newest.join(".")} are what ${device.name} accepts`,
      {
        fix: "upgrade the backend's package, or write the module for an older version",
      },
    );
  }
  for (const [name, wanted] of used) {
    const has = opsets[name];
    if (opsetVersion(name) === undefined || (has !== undefined && has >= wanted)) continue;
    throw new BackendError(
      "E512",
      "compile",
      `the module uses the op set ${name}@${wanted}, and ${device.name} has ${has === undefined ? "none of it" : `${name}@${has}`}`,
      {
        fix: "upgrade the backend's package",
      },
    );
  }
}

function checkTypes(caps: Capabilities, fn: FunctionDef): void {
  const { limits, device } = caps;
  const at = `@${fn.name}`;
  for (const type of valueTypes(fn)) {
    checkDTypeUsage(caps, type.dtype, "store", "compile", at);
    if (type.shape.length > limits.rank) {
      throw new BackendError(
        "E513",
        "compile",
        `rank ${type.shape.length} is above ${limits.rank}, the most of ${device.name}`,
        {
          operands: { type },
          at,
        },
      );
    }
    const size = sizeOf(type.shape);
    if (typeof size === "number" && size > limits.elements) {
      throw new BackendError(
        "E513",
        "compile",
        `${size} elements are more than ${limits.elements}, the most of ${device.name}`,
        {
          operands: { type },
          at,
        },
      );
    }
  }
}

function checkRow(caps: Capabilities, row: OpRow, operands: readonly TensorType[], at: string): void {
  const op = row.decomp === undefined ? lookupOp(row.op) : undefined;
  const usage = op === undefined ? "store" : usageOf(op);
  for (const { dtype } of [...operands, ...row.types]) checkDTypeUsage(caps, dtype, usage, row.op, at);
  if (op === undefined) return;
  const feature = op.needs?.(row.attrs);
  if (feature !== undefined && !caps.features.includes(feature)) {
    throw new BackendError("E514", row.op, `it needs ${feature}, which ${caps.device.name} does not have`, {
      at,
      fix: "use a backend that has it",
    });
  }
}

/** What an op does with the dtypes of its operands and results. */
function usageOf(op: OpRecord): DTypeUsage {
  if (op.rounds === true) return "convert";
  return op.kind === "composite" || (op.kind === "structural" && op.numeric === "exact") ? "store" : "arith";
}

function checkDTypeUsage(
  { dtypes, device }: Capabilities,
  dtype: DType,
  usage: DTypeUsage,
  op: string,
  at: string,
): void {
  const usages = dtypes[dtype] ?? [];
  if (usages.includes(usage)) return;
  const problem =
    usages.length === 0
      ? `${device.name} has no ${dtype}`
      : `${device.name} does not compute in ${dtype}, which it can only ${usages.join(" and ")}`;
  throw new BackendError("E511", op, problem, { at, fix: "cast to another dtype, or use another backend" });
}
