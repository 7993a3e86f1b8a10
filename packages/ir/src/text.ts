/** The text form of modules: for people, tests and diffs. It holds what the other forms hold, side tables included. */
export { parseModule } from "./text-parse.ts";
export { printModule } from "./text-print.ts";
