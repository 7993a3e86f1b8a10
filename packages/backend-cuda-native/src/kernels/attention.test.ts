import { testEmulated } from "../emulation.test-kit.ts";
import { judgeAttention } from "./attention.test-kit.ts";

testEmulated(
  "attention and its derivative by tensor cores are those of the decomposition in float64",
  { timeout: 120_000 },
  () => judgeAttention(1, 8),
);
