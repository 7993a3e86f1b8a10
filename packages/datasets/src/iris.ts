import { readCsv } from "./csv.ts";
import type { Dataset } from "./dataset.ts";
import { irisCsv } from "./iris-csv.ts";

/**
 * 150 iris flowers of three species. x (150, 4) in cm, y (150)
 *
 * Fisher 1936, The use of multiple measurements in taxonomic problems, as the UCI repository has it, which differs from the
 * paper in rows 35 and 38. They come sorted by species: share them out with `split` or `kFold`.
 */
export const iris = (): Dataset => readCsv(irisCsv, { target: "species" });
