import { TenonError } from "@tenon/tensor";

/** Where an error was met, and what to do. */
export interface DataErrorDetails {
  readonly path?: string;
  /** Byte in the file. */
  readonly offset?: number;
  /** Line of the text, from 1. */
  readonly line?: number;
  /** A line each. */
  readonly operands?: Readonly<Record<string, unknown>>;
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
 * | E772 | FormatError | a column has no name, a forbidden one, or that of another |
 * | E773 | FormatError | a text does not follow the rules of CSV |
 * | E774 | FormatError | a field of a CSV text is not of its column's type |
 * | E775 | LimitError | a CSV text is larger than the limit |
 * | E776 | StorageError | the files of a data set are in no place where they were looked for |
 * | E778 | FormatError | a label lies outside the classes, a character outside the vocabulary, or a feature is missing |
 * | E779 | FormatError | a text file is not what its data set consists of |
 */
export class DataError extends TenonError {
  override readonly name: "FormatError" | "LimitError" | "OptionError" | "StorageError";
  readonly offset?: number;
  readonly line?: number;

  constructor(name: DataError["name"], code: string, op: string, problem: string, details: DataErrorDetails) {
    const { path, offset, line, operands, fix, cause } = details;
    const places = [
      ...(path === undefined ? [] : [path]),
      ...(offset === undefined ? [] : [`byte ${offset}`]),
      ...(line === undefined ? [] : [`line ${line}`]),
    ];
    const at = places.length === 0 ? undefined : places.join(", ");
    super(code, op, problem, { ...(operands === undefined ? {} : { operands }), at, fix, cause });
    this.name = name;
    if (offset !== undefined) this.offset = offset;
    if (line !== undefined) this.line = line;
  }
}
