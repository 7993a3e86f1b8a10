import { loadParts } from "@tenon/lowering";
import { installGpuSource } from "./device.ts";
import { openDawn } from "./device-node.ts";
import { rare } from "./parts.ts";

export * from "./index.ts";

installGpuSource(openDawn);

// Nothing is downloaded in Node, so that the first program need not wait for what pages load when they want it. What fails
// here fails again there, with an error that somebody sees.
Promise.all([loadParts(), rare.load()]).catch(() => {});
