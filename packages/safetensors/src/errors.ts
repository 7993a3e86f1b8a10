/** Marks the errors of every Tenon package, so that `instanceof TenonError` holds across packages that share no import. */
const BRAND: unique symbol = Symbol.for("tenon.error");

/** Where an error was met, and what to do. */
export interface SafetensorsErrorDetails {
  /** Byte in the file. */
  readonly offset?: number;
  readonly tensor?: string;
  readonly path?: string;
  readonly fix: string;
  readonly cause?: unknown;
}

/**
 * A file that does not follow the format, is larger than the limits, or cannot be read or written.
 *
 * | code | name | fault |
 * |---|---|---|
 * | E701 | FormatError | the file is too short for a header |
 * | E702 | FormatError | the header is longer than the file |
 * | E703 | LimitError | the header is longer than the limit |
 * | E704 | FormatError | the header does not start with `{` |
 * | E705 | FormatError | the header is not UTF-8 |
 * | E706 | FormatError | the header is not JSON of the expected structure |
 * | E707 | FormatError | a key stands twice |
 * | E708 | FormatError | a field of a tensor is unknown or missing |
 * | E709 | FormatError | a dtype is unknown |
 * | E710 | FormatError | a number is not a whole number from 0 to 2⁵³ − 1 |
 * | E711 | FormatError | a text is not Unicode, or a name is reserved |
 * | E712 | LimitError | a name is longer than the limit |
 * | E713 | LimitError | more tensors than the limit |
 * | E714 | LimitError | more dimensions than the limit |
 * | E715 | LimitError | more elements than the limit |
 * | E716 | FormatError | shape and dtype need another number of bytes |
 * | E717 | FormatError | a tensor ends before it begins, or after the file |
 * | E718 | FormatError | two tensors overlap |
 * | E719 | FormatError | bytes that belong to no tensor |
 * | E721 | StorageError | a file cannot be read |
 * | E722 | StorageError | a file cannot be written |
 */
export class SafetensorsError extends Error {
  override readonly name: "FormatError" | "LimitError" | "StorageError";
  readonly [BRAND] = true;
  readonly code: string;
  readonly offset?: number;
  readonly tensor?: string;
  readonly fix: string;

  constructor(name: SafetensorsError["name"], code: string, problem: string, details: SafetensorsErrorDetails) {
    super(errorText(code, problem, details), details.cause === undefined ? undefined : { cause: details.cause });
    this.name = name;
    this.code = code;
    if (details.offset !== undefined) this.offset = details.offset;
    if (details.tensor !== undefined) this.tensor = details.tensor;
    this.fix = details.fix;
    if (this.stack !== undefined) this.stack = this.stack.replace(/^[^\n:]*: /, `${name} `); // as toString says it
  }

  /** The whole text: `FormatError E701 safetensors: …`, place and fix. */
  override toString(): string {
    return `${this.name} ${this.message}`;
  }
}

export function formatError(code: string, problem: string, details: SafetensorsErrorDetails): SafetensorsError {
  return new SafetensorsError("FormatError", code, problem, details);
}

export function limitError(code: string, problem: string, details: SafetensorsErrorDetails): SafetensorsError {
  return new SafetensorsError("LimitError", code, problem, details);
}

const QUOTE_LENGTH = 80; // characters of foreign text in a message

/** Text from a file, for a message: escaped, in quotes, and cut. */
export function quoted(text: string): string {
  return text.length <= QUOTE_LENGTH ? JSON.stringify(text) : `${JSON.stringify(text.slice(0, QUOTE_LENGTH))}…`;
}

function errorText(code: string, problem: string, { offset, tensor, path, fix }: SafetensorsErrorDetails): string {
  const lines = [`${code} safetensors: ${problem}.`];
  if (tensor !== undefined) lines.push(`tensor: ${quoted(tensor)}`);
  if (path !== undefined) lines.push(`at: ${path}`);
  if (offset !== undefined) lines.push(`at: byte ${offset}`);
  return [...lines, `fix: ${fix}.`].join("\n  ");
}
