import { conformance } from "@tenon/conformance";
import { expect, test } from "vitest";
import { cudaNative } from "./backend.ts";

/**
 * Whether the sanitizer watches: then these are the vectors of the ops alone, and no memory is filled, since what is filled counts as
 * written.
 */
const watched = process.env.TENON_CUDA_WATCHED !== undefined;
/** The share of the checks that are made, for who has less time. */
const share = Number(process.env.TENON_CUDA_SHARE ?? 1);

test(`cuda-native passes ${watched ? "the vectors of the ops" : "the full profile"} on the device`, async () => {
  const { counts, failures, cells } = await conformance(cudaNative({ debug: { poison: !watched } }), {
    ...(watched ? { profile: "quick", only: ["vectors"] } : { profile: "full" }),
    share,
  });
  console.log(JSON.stringify(counts));
  expect(failures).toEqual([]);
  const unsupported = cells.filter(({ status }) => status === "unsupported");
  expect(unsupported.filter(({ detail }) => !/E511.*int64|E514.*unbounded-while/.test(detail!))).toEqual([]);
  expect(counts.pass).toBeGreaterThan(0);
});
