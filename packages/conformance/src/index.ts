export type { Profile } from "./check.ts";
export { type ConformanceOptions, conformance } from "./conformance.ts";
export { Draw } from "./draw.ts";
export { checkGradientModule, checkSampleGradients, checkSecondDerivatives } from "./gradient.ts";
export { type Expected, expectedResults, problemsOf } from "./judge.ts";
export {
  type BoundLike,
  type OptimizerCell,
  type OptimizerConformanceOptions,
  type OptimizerLike,
  OptimizerReport,
  optimizerConformance,
} from "./optimizer.ts";
export { argumentsOf, batchSymbol, type Program, programs, recorded } from "./programs.ts";
export { type GraphOptions, randomGraph } from "./random-graph.ts";
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
export { graphText, shrink } from "./shrink.ts";
export * from "./tolerance.ts";
export { type Graph, graphOf, retyped } from "./vector-cases.ts";
