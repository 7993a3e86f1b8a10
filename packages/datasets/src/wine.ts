import { readCsv } from "./csv.ts";
import type { Dataset } from "./dataset.ts";
import { wineCsv } from "./wine-csv.ts";

/**
 * Chemical analyses of 178 Italian wines of three cultivars. x (178, 13), y (178)
 *
 * Forina et al. 1988, from the UCI repository. The features differ a thousandfold in size: standardise them. They come
 * sorted by cultivar.
 */
export const wine = (): Dataset => readCsv(wineCsv, { target: "cultivar", columns: { cultivar: "class" } });
