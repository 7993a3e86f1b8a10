import { testEmulated } from "../emulation.test-kit.ts";
import { judgeAttention } from "./attention.test-kit.ts";

testEmulated(
  "much attention and its derivative by tensor cores are those of the decomposition in float64",
  { timeout: 1_200_000 },
  async () => {
    for (let seed = 10; seed < 20; seed++) await judgeAttention(seed, 24);
  },
);
