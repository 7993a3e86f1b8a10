/** What a page loads when it first asks for it: one file, so that what it shares with the rest is split off once. */
export { verify } from "@tenon/ir/verify";
export { writeStep } from "./write-step.ts";
