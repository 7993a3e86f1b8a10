import type { Signature } from "./attrs.ts";
import { checkLimit, type Limits } from "./limits.ts";
import type { FunctionDef, Module } from "./module.ts";
import { sameType, type TensorType, typeText } from "./shape.ts";
import type { Faults } from "./verify-fault.ts";
import type { Types } from "./verify-types.ts";
import { forbiddenNames } from "./written.ts";

/** What is known of a function before its ops are looked at. */
export interface FunctionFacts {
  readonly def: FunctionDef;
  readonly signature: Signature;
  /** The type of each value. */
  readonly types: readonly TensorType[];
  /** Names of the sizes that its types mention. */
  readonly sizes: Set<string>;
}

const MAX_NAME = 256;

/** Whether a string may name a function, an entry or a tensor: printable, not too long, and no key of every object. */
export const isName = (name: unknown): name is string =>
  typeof name === "string" &&
  name.length > 0 &&
  name.length <= MAX_NAME &&
  !/\p{Cc}/u.test(name) &&
  !name.split(".").some((part) => forbiddenNames.has(part));

/** Names, value numbers and types of every function, so that calls may be checked in any order. */
export function checkFunctions(
  module: Module,
  types: Types,
  limits: Limits,
  faults: Faults,
): ReadonlyMap<string, FunctionFacts> {
  const found = new Map<string, FunctionFacts>();
  for (const def of module.functions) {
    if (!isName(def.name))
      faults.add("E304", "fn", `${JSON.stringify(String(def.name).slice(0, 80))} cannot name a function`);
    if (found.has(def.name)) faults.add("E304", "fn", `two functions are called @${def.name}`);
    found.set(def.name, checkFunction(def, types, limits, faults));
  }
  return found;
}

function checkFunction(def: FunctionDef, types: Types, limits: Limits, faults: Faults): FunctionFacts {
  const fn = def.name;
  const sizes = new Set<string>();
  const values: TensorType[] = [];
  const define = (type: TensorType, op: string, opIndex?: number): void => {
    for (const name of types.check(type, op, opIndex === undefined ? { fn } : { fn, opIndex })) sizes.add(name);
    values.push(type);
  };
  limit(faults, fn, () => {
    checkLimit("fn", limits, "arguments", Math.max(def.inputs.length, def.results.length));
  });
  for (const { type } of def.inputs) define(type, "fn");
  def.ops.forEach(({ op, operands, types: results }, opIndex) => {
    for (const value of operands) {
      if (isIndex(value, values.length)) continue;
      faults.add("E305", op, "operands are values that are defined before", {
        fn,
        opIndex,
        got: `%${value}`,
        expected: indices("%", values.length),
      });
    }
    limit(faults, fn, () => checkLimit(op, limits, "operands", Math.max(operands.length, results.length)), opIndex);
    for (const type of results) define(type, op, opIndex);
  });
  const results = def.results.map((value) => {
    if (!isIndex(value, values.length)) {
      faults.add("E306", "fn", "results are values of the function", {
        fn,
        got: `%${value}`,
        expected: indices("%", values.length),
      });
    }
    return values[value]!;
  });
  checkAliases(def, results, faults);
  return { def, signature: { inputs: def.inputs.map(({ type }) => type), results }, types: values, sizes };
}

/** `%0 to %3`, for errors. */
export const indices = (prefix: string, length: number): string =>
  length === 0 ? "none" : length === 1 ? `${prefix}0` : `${prefix}0 to ${prefix}${length - 1}`;

const isIndex = (value: number, length: number): boolean => Number.isInteger(value) && value >= 0 && value < length;

function limit(faults: Faults, fn: string, check: () => void, opIndex?: number): void {
  try {
    check();
  } catch (error) {
    faults.addError(error, "fn", { fn, ...(opIndex !== undefined && { opIndex }) });
  }
}

function checkAliases({ name: fn, inputs }: FunctionDef, results: readonly TensorType[], faults: Faults): void {
  const taken = new Map<number, number>();
  inputs.forEach(({ type, alias }, i) => {
    if (alias === undefined) return;
    const result = isIndex(alias, results.length) ? results[alias] : undefined;
    if (!isIndex(alias, results.length)) {
      faults.add("E310", "fn", `input ${i} gives its buffer to a result`, {
        fn,
        got: String(alias),
        expected: indices("", results.length),
      });
    } else if (result !== undefined && !sameType(type, result)) {
      faults.add("E310", "fn", `input ${i} gives its buffer to a result of its own type`, {
        fn,
        got: typeText(result),
        expected: typeText(type),
      });
    }
    if (taken.has(alias))
      faults.add("E310", "fn", `inputs ${taken.get(alias)} and ${i} give their buffers to the same result ${alias}`, {
        fn,
      });
    taken.set(alias, i);
  });
}
