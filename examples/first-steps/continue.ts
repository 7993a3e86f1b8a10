import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Batch } from "./data.ts";

const program = fileURLToPath(new URL("../continue-step/main.ts", import.meta.url));

/**
 * Starts the other program on `step.tenon` and raw batches in `folder`, and returns the losses of its steps.
 *
 * It knows neither the network nor the optimizer: the file says it all.
 */
export async function continueElsewhere(folder: string, batches: readonly Batch[], backend: string): Promise<number[]> {
  await writeFile(join(folder, "images.bin"), Buffer.concat(batches.map((b) => b.images)));
  await writeFile(join(folder, "labels.bin"), Buffer.concat(batches.map((b) => b.labels)));
  const child = spawn(process.execPath, [program, folder, String(batches[0]!.size), backend], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject).on("close", resolve);
  });
  if (code !== 0) throw new Error(`continue-step ended with code ${code}`);
  return JSON.parse(output) as number[];
}
