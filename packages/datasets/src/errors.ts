/** Marks the errors of every Tenon package, so that `instanceof TenonError` holds across packages that share no import. */
const BRAND: unique symbol = Symbol.for("tenon.error");

/** Where an error was met, and what to do. */
export interface DataErrorDetails {
  readonly path?: string;
  /** Byte in the file. */
  readonly offset?: number;
  readonly fix: string;
  readonly cause?: unknown;
}

/**
 * A data file that does not follow its format, is larger than allowed or cannot be read, or a wrong option.
 *
 * | code | name | fault |
 * |---|---|---|
 * | E761 | FormatError | an idx file is too short for its header |
 * | E762 | FormatError | an idx file does not begin with two zeros |
 * | E763 | FormatError | the element type of an idx file is unknown |
 * | E764 | LimitError | an idx file has more dimensions or elements than the limit |
 * | E765 | FormatError | an idx file has another length than its sizes need |
 * | E766 | FormatError | files of one data set do not fit together |
 * | E767 | LimitError | a packed file is larger than the limit once unpacked |
 * | E768 | FormatError | a packed file is damaged |
 * | E769 | StorageError | a file cannot be read |
 * | E770 | OptionError | an option has a value outside its range |
 */
export class DataError extends Error {
  override readonly name: "FormatError" | "LimitError" | "OptionError" | "StorageError";
  readonly [BRAND] = true;
  readonly code: string;
  readonly offset?: number;
  readonly fix: string;

  constructor(name: DataError["name"], code: string, op: string, problem: string, details: DataErrorDetails) {
    const { path, offset, fix, cause } = details;
    const lines = [`${code} ${op}: ${problem}.`];
    if (path !== undefined) lines.push(`at: ${path}`);
    if (offset !== undefined) lines.push(`at: byte ${offset}`);
    super([...lines, `fix: ${fix}.`].join("\n  "), cause === undefined ? undefined : { cause });
    this.name = name;
    this.code = code;
    if (offset !== undefined) this.offset = offset;
    this.fix = fix;
  }
}
