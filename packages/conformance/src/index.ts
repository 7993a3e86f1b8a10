export type { Profile } from "./check.ts";
export { type ConformanceOptions, conformance } from "./conformance.ts";
export { checkGradientModule, checkSampleGradients, checkSecondDerivatives } from "./gradient.ts";
export { type Cell, type Counts, type Item, items, Report, type Status } from "./report.ts";
export {
  type Evaluate,
  type Recorded,
  recordSample,
  runBatched,
  runDecomposition,
  runSample,
  sampleTitle,
} from "./sample-runner.ts";
export * from "./tolerance.ts";
