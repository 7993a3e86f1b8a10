import { loadParts } from "@tenon/lowering";
import { loadClaimed } from "./kernels/claimed.ts";
import { rare } from "./parts.ts";

export * from "./index.ts";

// In Node nothing is downloaded, so that the first program need not wait for what pages load when they want it. What
// fails here fails again there, with an error that somebody sees.
Promise.all([loadParts(), rare.load(), loadClaimed()]).catch(() => {});
