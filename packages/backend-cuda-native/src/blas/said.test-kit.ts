import { vi } from "vitest";

/** What is said of products and attention, and of who computes them, while some work is done. */
export async function saidDuring(work: () => Promise<unknown>): Promise<readonly string[]> {
  const before = process.env.TENON_DEBUG;
  process.env.TENON_DEBUG = "kernels";
  const print = vi.spyOn(console, "error").mockImplementation(() => {});
  try {
    await work();
    return print.mock.calls
      .map(([text]) => String(text))
      .filter((text) => /^a step is no graph: |: (cuBLASLt|cuDNN|(a kernel|kernels) of our own)/.test(text));
  } finally {
    print.mockRestore();
    process.env.TENON_DEBUG = before ?? "";
  }
}
