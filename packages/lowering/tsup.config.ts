import { preset } from "../../tsup.preset.ts";

export default preset(["index", "text", "threads/index", "threads/claimed/places"]);
