import { preset } from "../../tsup.preset.ts";

export default preset(["index", "binary", "text", "json", "samples", "verify", "meanings", "batching"]);
