import type { FetchProgress } from "./file-options.ts";

const FRAME_MS = 50; // between two pictures of the line

/** A line on the terminal that grows while files come in; nothing where standard error is no terminal. */
export function progressLine(output: NodeJS.WriteStream = process.stderr) {
  const live = output.isTTY === true;
  let last = -Infinity;
  return {
    show({ dataset, url, received, total }: FetchProgress): void {
      if (!live || (performance.now() - last < FRAME_MS && received < total)) return;
      last = performance.now();
      const megabytes = (count: number) => (count / 1e6).toFixed(1);
      output.write(`\r${dataset}: ${megabytes(received)} of ${megabytes(total)} MB from ${new URL(url).host}\x1b[K`); // and clears the rest
    },
    /** Removes the line. */
    end(): void {
      if (last > -Infinity) output.write("\r\x1b[K");
    },
  };
}
