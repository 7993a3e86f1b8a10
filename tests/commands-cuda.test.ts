import { join } from "node:path";
import { expect, test } from "vitest";
import { capture, workspaceNode } from "../scripts/child.mjs";
import { root } from "../scripts/workspace.mjs";

test("npm run test:cuda says that nothing was run where no GPU answers, and exits with 3", {
  timeout: 120_000,
}, async () => {
  const { TENON_CUDA_LIBS: _, ...env } = process.env;
  const title = "no test has this title"; // where a GPU answers nothing shall be run either
  const { status, output } = await capture(workspaceNode(), [join(root, "scripts/run.mjs"), "test:cuda", "-t", title], {
    env,
  });
  if (status === 3) expect(output).toMatch(/^\*\*\* No NVIDIA GPU answers: .+\. NOTHING was run\. \*\*\*$/m);
  else expect(output).toMatch(/^0 passed, \d failed$/m);
});
