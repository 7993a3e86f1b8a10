/** The JSON form of modules, for tools: `schema/module.schema.json` describes it. It holds what the other forms hold. */
export { moduleFromJson } from "./json-read.ts";
export { moduleToJson } from "./json-write.ts";
