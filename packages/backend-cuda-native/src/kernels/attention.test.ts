import { testEmulated } from "../emulation.test-kit.ts";
import { type AttentionCase, judgeAttention } from "./attention.test-kit.ts";

const plain = {
  ...{ mask: false, bias: false, symbolic: false, changed: false },
  layouts: ["plain", "plain", "plain"],
} as const;

/** What is seldom drawn. */
const edges: readonly AttentionCase[] = [
  // own rows in shared memory, one buffer of what is copied, and a diagonal that is not that of warps' rows
  {
    ...{ ...plain, backward: true, dtype: "bfloat16", mul: "same", causal: true },
    sizes: { b: 1, t: 70, s: 78, heads: 1, group: 1, d: 128, e: 128 },
  },
  // the same with rows twice as long, of which a block has half as many
  {
    ...{ ...plain, backward: true, dtype: "float32", mul: "tf32", causal: true },
    sizes: { b: 1, t: 34, s: 44, heads: 1, group: 1, d: 120, e: 128 },
  },
  // vectors of 8 bytes, and one key that no query but the last of a block sees
  {
    ...{ ...plain, backward: false, dtype: "float16", mul: "same", causal: true },
    sizes: { b: 1, t: 100, s: 101, heads: 1, group: 1, d: 12, e: 12 },
  },
  // tiles of which nobody sees one corner, and all else is seen
  {
    ...{ ...plain, backward: true, dtype: "bfloat16", mul: "same", causal: true },
    sizes: { b: 1, t: 66, s: 80, heads: 1, group: 1, d: 16, e: 16 },
  },
  // a block of keys whose first one is seen by the last query of a tile, and features that end among others
  {
    ...{ ...plain, backward: true, dtype: "float16", mul: "same", causal: true },
    ...{ sizes: { b: 1, t: 80, s: 81, heads: 1, group: 1, d: 12, e: 20 } },
    layouts: ["an even part", "an even part", "an even part"],
  },
  // a tile of which one key is missing, and warps of 32 rows, since there may be many
  {
    ...{ ...plain, backward: false, dtype: "float32", mul: "bf16", causal: false, symbolic: true },
    sizes: { b: 1, t: 16, s: 63, heads: 2, group: 1, d: 16, e: 16 },
  },
  // the same of what is copied, and a diagonal that goes through the second 16 rows
  {
    ...{ ...plain, backward: false, dtype: "bfloat16", mul: "same", causal: true, symbolic: true },
    sizes: { b: 1, t: 150, s: 174, heads: 1, group: 2, d: 24, e: 32 },
  },
];

testEmulated(
  "attention and its derivative by tensor cores are those of the decomposition in float64",
  { timeout: 120_000 },
  () => judgeAttention(1, 8, edges),
);
