import { preset } from "../../tsup.preset.ts";

export default preset([
  "index",
  "binary",
  "text",
  "json",
  "samples",
  "regions",
  "structure",
  "tangents",
  "to-graph",
  "verify",
  "meanings",
  "batching",
]);
