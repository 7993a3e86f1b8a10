export { indexText } from "./index-text.ts";
export { debugText, programText } from "./kernel/program-text.ts";
export { kernelText } from "./kernel/text.ts";
