import { TenonError } from "./errors.ts";
import { type TensorType, typeText } from "./shape.ts";

/** Why a module is not well-formed: the rule that is broken, where, and what would mend it. */
export interface Fault {
  readonly code: string;
  /** Class of the error, as it is printed. */
  readonly kind: string;
  /** Function and row; absent where the fault is not in one. */
  readonly fn?: string;
  readonly opIndex?: number;
  /** Name of the op, or of the part of the module. */
  readonly op: string;
  readonly operandTypes: readonly TensorType[];
  readonly rule: string;
  readonly expected?: string;
  readonly got?: string;
  readonly hint?: string;
  /** Layer path and source place of the row, where the module's side tables have them. */
  readonly loc?: string;
}

/** Most faults that are collected. */
export const MAX_FAULTS = 20;

/** What each code of the verifier's own means. Type rules add theirs, E2xx, and limits are E150. */
export const faultCodes = {
  E300: "The module is a record of this program's kind, with its parts.",
  E301: "The IR version is known.",
  E302: "Every op set is declared, well-named and known at its version.",
  E303: "Every op is known at its version, or carries its decomposition.",
  E304: "Functions and entries have names, each its own.",
  E305: "Operands are numbers of values that are defined before.",
  E306: "Results of a function are numbers of its values.",
  E307: "Result types are those that the op's rule gives.",
  E308: "Functions that are named exist.",
  E309: "No function calls itself, directly or through others.",
  E310: "An aliased result exists, has the input's type, and is given to one input.",
  E311: "Attributes are those of the op's schema, in their normal form.",
  E312: "A composite of a third party carries a decomposition of its own signature; a standard one carries none.",
  E313: "An embedded derivative maps operands, results and cotangents to cotangents of the operands.",
  E314: "Manifest rows name an entry, an input and a result of the row's type.",
  E315: "Names, digests and blobs of manifest rows are well-formed, and no name or input stands twice.",
  E316: "Sizes are declared once, under one range.",
  E317: "The inputs of an entry bind every size that it uses.",
  E318: "Side tables belong to functions, values and rows that exist.",
  E319: "An op's type rule comes to an answer.",
} as const satisfies Record<string, string>;

export type FaultCode = keyof typeof faultCodes;

/** The fault in the form of every error. */
export function faultText({ code, op, operandTypes, rule, expected, got, hint, fn, opIndex, loc }: Fault): string {
  const values = [expected === undefined ? [] : `expected ${expected}`, got === undefined ? [] : `got ${got}`].flat();
  const lines = [`${code} ${op}: ${rule}${values.length === 0 ? "" : `: ${values.join(", ")}`}.`];
  operandTypes.slice(0, 8).forEach((type, i) => {
    lines.push(`  operand ${i}: ${typeText(type)}`);
  });
  if (fn !== undefined)
    lines.push(`  at: @${fn}${opIndex === undefined ? "" : ` #${opIndex}`}${loc === undefined ? "" : ` (${loc})`}`);
  if (hint !== undefined) lines.push(`  fix: ${hint}${/[.?!]$/.test(hint) ? "" : "."}`);
  return lines.join("\n");
}

/** A module that is not well-formed. Its text is that of every fault found. */
export class VerificationError extends TenonError {
  static override readonly title = "VerificationError";
  readonly faults: readonly Fault[];

  constructor(faults: readonly Fault[]) {
    super(faults[0]!.code, faults[0]!.op, faults[0]!.rule);
    this.faults = faults;
    const first = this.message;
    this.message = faults.map(faultText).join("\n");
    if (faults.length === MAX_FAULTS) this.message += `\n(the first ${MAX_FAULTS} faults)`;
    if (this.stack !== undefined) this.stack = this.stack.replace(first, () => this.message); // as toString says it
  }
}

const FULL = Symbol("as many faults as are wanted");

/** The faults found so far. */
export class Faults {
  readonly list: Fault[] = [];

  /** A fault of the verifier's own. */
  add(code: FaultCode, op: string, rule: string, more: Partial<Fault> = {}): void {
    this.push({ code, kind: "VerificationError", op, operandTypes: [], rule, ...more });
  }

  /** A fault that a typed error describes. */
  addError(error: unknown, op: string, more: Partial<Fault> = {}): void {
    if (!(error instanceof TenonError)) {
      this.add("E319", op, `the type rule failed: ${error instanceof Error ? error.message : String(error)}`, more);
      return;
    }
    const { fix } = error.details;
    this.push({
      code: error.code,
      kind: error.name,
      op,
      operandTypes: [],
      rule: error.problem,
      ...(fix !== undefined && { hint: fix }),
      ...more,
    });
  }

  private push(fault: Fault): void {
    this.list.push(fault);
    if (this.list.length === MAX_FAULTS) throw FULL;
  }
}

/** The faults that `check` finds, at most `MAX_FAULTS`. */
export function collectFaults(check: (faults: Faults) => void): readonly Fault[] {
  const faults = new Faults();
  try {
    check(faults);
  } catch (error) {
    if (error !== FULL) throw error;
  }
  return faults.list;
}
