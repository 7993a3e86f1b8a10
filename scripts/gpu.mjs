/**
 * Prints why no NVIDIA GPU answers here, in a few words; nothing where one does. Run by the workspace's Node, which reads
 * TypeScript.
 */
import { createRequire } from "node:module";
import { candidatesOf } from "../packages/backend-cuda-native/src/libraries.ts";
import { availableAddon } from "./native.mjs";

try {
  const { Driver } = createRequire(import.meta.url)(availableAddon());
  const count = new Driver(candidatesOf("driver")).count();
  if (count === 0) console.log("the driver knows none");
} catch (error) {
  console.log(error instanceof Error ? error.message.split("\n")[0] : String(error));
}
