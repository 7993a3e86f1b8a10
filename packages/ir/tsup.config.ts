import { preset } from "../../tsup.preset.ts";

export default preset(["index", "binary", "text", "json", "samples", "structure", "verify", "meanings", "batching"]);
