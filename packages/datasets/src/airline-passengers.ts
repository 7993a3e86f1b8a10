import { readCsv } from "./csv.ts";
import type { FileOptions } from "./file-options.ts";
import { type LoadFiles, loadFiles } from "./load-files.ts";
import { messageOf } from "./packed.ts";
import { noText } from "./text-file.ts";
import { airlineSet } from "./text-sets.ts";

/** Numbers at equal distances in time. */
export interface Series {
  /** When each was measured. */
  readonly times: readonly string[];
  readonly values: Float32Array;
}

/**
 * Passengers of international airlines in thousands, for the 144 months of 1949 to 1960: they grow, with a season whose
 * height grows along.
 *
 * In Node the file `airline-passengers.csv` is looked for in `$TENON_DATA/time-series`, then among those fetched before,
 * then in a public mirror; a page asks the mirror alone. Box & Jenkins 1976, Time series analysis: forecasting and
 * control, series G.
 */
export const airlinePassengers = (options: FileOptions = {}): Promise<Series> => loadPassengers(options);

/** The series from a file that is loaded in one way or another. */
export async function loadPassengers(options: FileOptions, load: LoadFiles = loadFiles): Promise<Series> {
  const [file] = await load(airlineSet, options);
  const { path, bytes } = file!;
  try {
    const { columns } = readCsv(bytes, { columns: { Month: "class", Passengers: "float32" } });
    const { Month: months, Passengers: passengers } = columns;
    const times = Array.from(months!.data, (month) => months!.classes![month]!);
    return { times, values: passengers!.data as Float32Array };
  } catch (cause) {
    const [problem] = messageOf(cause).split("\n"); // of the lines of an error, the one that says what is wrong
    throw noText(
      airlineSet.name,
      path,
      `the file is no table of months and passengers: ${problem!.slice(0, -1)}`,
      cause,
    );
  }
}
