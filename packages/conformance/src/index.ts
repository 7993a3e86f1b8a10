export { checkGradientModule, checkSampleGradients, checkSecondDerivatives } from "./gradient.ts";
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
