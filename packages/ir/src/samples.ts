import * as arithmetic from "./ops/arithmetic.ts";
import type { Sample } from "./sample.ts";

export * from "./sample.ts";

/** The files whose exports named `…Samples` are collected. */
const files: readonly object[] = [arithmetic];

/** Every sample of every op of this package. */
export const allSamples = (): readonly Sample[] =>
  files.flatMap((file) =>
    Object.entries(file).flatMap(([name, samples]) => (name.endsWith("Samples") ? (samples as readonly Sample[]) : [])),
  );
