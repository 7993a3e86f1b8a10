import { expect, test } from "vitest";
import { cudaNative } from "../backend.ts";
import { type AttentionCase, expectAttention } from "./attention.test-kit.ts";

const { fingerprint } = await (async () => {
  const backend = await cudaNative().create();
  await backend.close();
  return backend.caps.device;
})();
const isHere = fingerprint.includes("cuDNN");
if (!isHere) process.stderr.write("\n*** cuDNN is not installed: attention by it is NOT tested here. ***\n");

const cases: readonly AttentionCase[] = [
  { dtype: "bfloat16", sizes: [2, 128, 128, 4, 4, 64, 64], scale: 0.125 },
  { dtype: "float16", sizes: [2, 100, 100, 4, 2, 64, 64], scale: 0.125, causal: true },
  { dtype: "bfloat16", sizes: [1, 65, 130, 2, 1, 32, 64], scale: 0.2, headsFirst: true },
  { dtype: "float16", sizes: [3, 1, 77, 2, 2, 64, 64], scale: 0.125 },
  { dtype: "bfloat16", sizes: [1, 192, 192, 2, 2, 64, 32], scale: -0.1, causal: true, headsFirst: true },
];

test.skipIf(!isHere)("attention and its gradients by cuDNN are those of the reference", async () => {
  const backend = cudaNative({ debug: { poison: true, smallProducts: true } });
  const said = (await expectAttention(cases, backend, { near: true })).filter((text) => text.includes("nn.attention"));
  console.log([fingerprint, ...new Set(said)].join("\n"));
  expect(said.some((text) => text.includes(": cuDNN"))).toBe(true);
});
