/** What most programs do without; see `parts.ts`. */

/** So that what this shares with the backend lies in one file of a bundle with the rest of it. */
export { cpuJs } from "./backend.ts";
export { packBlock } from "./kernels/dot-block.ts";
export { renderSort, sortParts, sortScratchBytes } from "./kernels/sort.ts";
export { renders } from "./render/alu-rare.ts";
export { loadEach, remainder, remainderBytes, unevenPlaces } from "./render/apart.ts";
export { brainToFloat, floatToBrain, floatToHalf, halfToFloat } from "./render/half.ts";
export { keepsOrder } from "./render/serial.ts";
export { writeControl } from "./step-control.ts";
export { WatchedMemory } from "./watched-memory.ts";
