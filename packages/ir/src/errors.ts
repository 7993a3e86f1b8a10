import { isRecord } from "./is-record.ts";
import { didYouMean, valueText } from "./prose.ts";

const BRAND = Symbol.for("tenon.error");

/** What an error says besides its first line. */
export interface ErrorDetails {
  /** One line per operand: its name and its type or value. */
  readonly operands?: Readonly<Record<string, unknown>>;
  /** Layer path, source line, file offset or JSON path. */
  readonly at?: string | undefined;
  /** What the reader should do. */
  readonly fix?: string | undefined;
  readonly cause?: unknown;
}

/**
 * An error with a stable code: `Class Ecode op: problem.`, a line per operand, `at:` and `fix:`.
 *
 * `instanceof TenonError` also recognises errors of packages that cannot import this one, and of a second copy
 * of it: they carry the symbol `tenon.error`.
 */
export class TenonError extends Error {
  /** Name of the class; a static field, since a bundler may rename the class itself. */
  static readonly title: string = "TenonError";
  override readonly name: string;
  readonly code: string;
  /** The op, function or file kind that refused. */
  readonly op: string;
  /** The first line without code and op. */
  readonly problem: string;
  readonly details: ErrorDetails;

  constructor(code: string, op: string, problem: string, details: ErrorDetails = {}) {
    super(errorText(code, op, problem, details), details.cause === undefined ? undefined : { cause: details.cause });
    Object.defineProperty(this, BRAND, { value: true });
    this.name = new.target.title;
    if (this.stack !== undefined) this.stack = this.stack.replace(/^[^\n:]*: /, `${this.name} `); // as toString says it
    this.code = code;
    this.op = op;
    this.problem = problem;
    this.details = details;
  }

  /** The whole text: `ShapeError E204 matmul: …`, operands, place and fix. */
  override toString(): string {
    return `${this.name} ${this.message}`;
  }

  static override [Symbol.hasInstance](this: unknown, value: unknown): boolean {
    if (this !== TenonError) return Function.prototype[Symbol.hasInstance].call(this as never, value);
    return typeof value === "object" && value !== null && (value as Record<symbol, unknown>)[BRAND] === true;
  }
}

/** The operands' shapes do not fit the op or each other. */
export class ShapeError extends TenonError {
  static override readonly title = "ShapeError";
}

/** The operands' dtypes do not fit the op or each other. */
export class DTypeError extends TenonError {
  static override readonly title = "DTypeError";
}

/** An option or attribute is unknown, missing, or has a value outside its range. */
export class OptionError extends TenonError {
  static override readonly title = "OptionError";
}

/** A file or text does not follow its format. */
export class FormatError extends TenonError {
  static override readonly title = "FormatError";
}

/** A file or program is larger than the host allows. */
export class LimitError extends TenonError {
  static override readonly title = "LimitError";
}

/** A derivative that does not exist was asked for. */
export class DifferentiationError extends TenonError {
  static override readonly title = "DifferentiationError";
}

/** A value was used in a place where it has no meaning: a disposed tensor, a symbolic size as a number. */
export class StateError extends TenonError {
  static override readonly title = "StateError";
}

/** A backend is missing, was refused, or failed. */
export class BackendError extends TenonError {
  static override readonly title = "BackendError";
}

function errorText(code: string, op: string, problem: string, { operands = {}, at, fix }: ErrorDetails): string {
  const lines = [problem === "" ? `${code} ${op}` : `${code} ${op}: ${problem}.`]; // a page's bundle has the values alone
  for (const [name, value] of Object.entries(operands)) lines.push(`  ${name}: ${operandText(value)}`);
  if (at !== undefined) lines.push(`  at: ${at}`);
  if (fix !== undefined) lines.push(`  fix: ${fix}${/[.?!]$/.test(fix) ? "" : "."}`);
  return lines.join("\n");
}

function operandText(value: unknown): string {
  if (typeof value === "object" && value !== null && "dtype" in value && "shape" in value) {
    const { dtype, shape } = value as { dtype: string; shape: readonly unknown[] };
    return `${dtype} [${shape.map(String).join(", ")}]`;
  }
  return typeof value === "string" ? value : valueText(value);
}

/** Throws when `options` is no record, or holds a key that is not in `known`. */
export function checkOptions(op: string, options: unknown, known: readonly string[]): void {
  if (!isRecord(options)) throw noRecord(op, options, known);
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    const guess = didYouMean(key, known);
    const fix = known.length === 0 ? `${op} takes no options` : `the options are ${known.join(", ")}`;
    throw new OptionError("E801", op, `unknown option ${key}`, { fix: guess === "" ? fix : guess });
  }
}

function noRecord(op: string, options: unknown, known: readonly string[]): OptionError {
  const value = typeof options === "object" && !Array.isArray(options) ? "…" : valueText(options);
  return new OptionError("E803", op, `the options are ${valueText(options)}, which is no record`, {
    fix: known.length === 0 ? `${op} takes no options` : `for example { ${known[0]}: ${value} }`,
  });
}

/** Throws unless `value` is a list: `example` shows how one is given. */
export function checkList(op: string, name: string, value: unknown, example: string): void {
  if (Array.isArray(value)) return;
  throw new OptionError("E803", op, `${name} is ${valueText(value)}, which is no list`, {
    fix: `give one list, for example ${example}`,
  });
}

/** Throws unless `value` is a function. */
export function checkFunction(op: string, name: string, value: unknown): void {
  if (typeof value === "function") return;
  throw new OptionError("E803", op, `${name} is ${valueText(value)}, which is no function`, {
    fix: "give a function, such as (x) => x.mul(2)",
  });
}
