import { conformance } from "@tenon/conformance";
import { expect, test } from "vitest";
import { cudaNative } from "./backend.ts";

/** The share of the checks that are made: all, unless the sanitizer, under which they take long, says less. */
const share = Number(process.env.TENON_CUDA_SHARE ?? 1);
/** Memory that is filled counts as written, so that the sanitizer would find nothing that is read before. */
const poison = share === 1;

test("cuda-native passes the full profile on the device", async () => {
  const profile = share < 1 ? "quick" : "full";
  const only = share < 1 ? (["vectors"] as const) : undefined;
  const { counts, failures, cells } = await conformance(cudaNative({ debug: { poison } }), {
    ...{ profile, share },
    ...(only !== undefined && { only }),
  });
  console.log(JSON.stringify(counts));
  expect(failures).toEqual([]);
  const unsupported = cells.filter(({ status }) => status === "unsupported");
  expect(unsupported.filter(({ detail }) => !/E511.*int64|E514.*unbounded-while/.test(detail!))).toEqual([]);
  expect(counts.pass).toBeGreaterThan(0);
});
