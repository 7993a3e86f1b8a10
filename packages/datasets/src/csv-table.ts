import { valueText } from "@tenon/tensor";
import { type CsvError, type InfoRecord, parse } from "csv-parse/browser/esm/sync";
import { forbiddenName } from "./dataset.ts";
import { DataError } from "./errors.ts";
import { outside } from "./range.ts";

/** The fields of a CSV text, with the names of its columns. */
export interface CsvTable {
  readonly names: readonly string[];
  readonly rows: readonly { readonly fields: readonly string[]; readonly line: number }[];
}

export interface CsvTableOptions {
  readonly header: boolean | readonly string[];
  readonly delimiter: string;
  readonly limits: { readonly length: number; readonly rows: number; readonly columns: number };
}

const MAX_ROW = 2 ** 24; // bytes of one row; an open quote would otherwise swallow the whole text first

/** Cuts a text into fields. Every row has as many as the header; empty lines are passed over. */
export function csvTable(text: string | Uint8Array, { header, delimiter, limits }: CsvTableOptions): CsvTable {
  if (typeof text !== "string" && !(text instanceof Uint8Array)) {
    throw outside("csv", `the text is ${valueText(text)}`, "give a string, or the bytes of a file");
  }
  if (text.length > limits.length) throw tooLarge(`the text has a length of ${text.length}`, limits.length, "length");
  const rows: { fields: string[]; line: number }[] = [];
  let names: readonly string[] | undefined = Array.isArray(header) ? header : undefined;
  const accept = (fields: string[], { lines: line }: InfoRecord): null => {
    if (fields.length > limits.columns)
      throw tooLarge(`the text has ${fields.length} columns`, limits.columns, "columns", line);
    if (names === undefined) {
      names = header === true ? fields : fields.map((_, i) => `column${i + 1}`);
      if (header === true) return null;
    }
    if (fields.length !== names.length) {
      const count = `${fields.length} ${fields.length === 1 ? "field" : "fields"}`;
      throw malformed(
        `row ${rows.length + 1} has ${count} where there are ${names.length} columns`,
        line,
        "give every row as many fields",
      );
    }
    if (rows.length === limits.rows)
      throw tooLarge(`the text has more than ${limits.rows} rows`, limits.rows, "rows", line);
    rows.push({ fields, line });
    return null;
  };
  try {
    parse(decoded(text), {
      delimiter,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
      max_record_size: MAX_ROW,
      on_record: accept,
    });
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw faultOf(error as CsvError, rows.length + 1);
  }
  if (names === undefined)
    throw malformed("the text has no row", 1, "give at least the row with the names of the columns");
  checkNames(names);
  return { names, rows };
}

function decoded(text: string | Uint8Array): string {
  if (typeof text === "string") return text.startsWith("\ufeff") ? text.slice(1) : text;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(text);
  } catch (cause) {
    throw new DataError("FormatError", "E773", "csv", "the bytes are not UTF-8", {
      fix: "save the file as UTF-8, or decode it and give the text",
      cause,
    });
  }
}

function checkNames(names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (typeof name !== "string" || name === "" || name === "__proto__") throw forbiddenName("csv", name, 1);
    if (seen.has(name)) {
      throw new DataError("FormatError", "E772", "csv", `two columns are named ${valueText(name)}`, {
        line: 1,
        fix: "give each column its own name, or the names as header: […]",
      });
    }
    seen.add(name);
  }
}

function faultOf(error: CsvError & { lines?: number }, row: number): DataError {
  const problem = {
    CSV_QUOTE_NOT_CLOSED: `a quote that opens in row ${row} is never closed`,
    CSV_INVALID_CLOSING_QUOTE: `something follows the closing quote of a field in row ${row}`,
    CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE: `something follows the closing quote of a field in row ${row}`,
    INVALID_OPENING_QUOTE: `a quote stands within a field of row ${row} that has none at its beginning`,
    CSV_MAX_RECORD_SIZE: `row ${row} is longer than ${MAX_ROW} bytes`,
  }[error.code as string];
  const fix = "put the whole field in quotes, and write a quote within it twice";
  return malformed(problem ?? `row ${row} is no CSV: ${error.message}`, error.lines, fix, error);
}

const malformed = (problem: string, line: number | undefined, fix: string, cause?: unknown): DataError =>
  new DataError("FormatError", "E773", "csv", problem, { ...(line === undefined ? {} : { line }), fix, cause });

const tooLarge = (problem: string, limit: number, name: string, line?: number): DataError =>
  new DataError("LimitError", "E775", "csv", `${problem} but the limit is ${limit}`, {
    ...(line === undefined ? {} : { line }),
    fix: `if the file is to be trusted, raise limits.${name}`,
  });
