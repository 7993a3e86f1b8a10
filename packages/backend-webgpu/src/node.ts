import { installGpuSource } from "./device.ts";
import { openDawn } from "./device-node.ts";

export * from "./index.ts";

installGpuSource(openDawn);
