/** The binary form of modules, for files and the wire; `binary-layout.ts` describes the bytes. */
export { moduleFromBinary } from "./binary-read.ts";
export { moduleToBinary } from "./binary-write.ts";
