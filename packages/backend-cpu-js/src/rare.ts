/** What most kernels do without; see `needs.ts`. */
export { renderSort, sortParts, sortScratchBytes } from "./kernels/sort.ts";
export { brainToFloat, floatToBrain, floatToHalf, halfToFloat } from "./render/half.ts";
export { writeControl } from "./step-control.ts";
