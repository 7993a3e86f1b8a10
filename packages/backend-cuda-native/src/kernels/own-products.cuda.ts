import { test } from "vitest";
import { cudaNative } from "../backend.ts";
import { expectOwnProducts } from "./own-products.test-kit.ts";

// By size: teams of threads, tiles of 32, 64 and 128, and on an H100 and its likes warpgroups with tiles of 128 and 256 columns
const sizes = [
  [40, 36, 3000],
  [200, 200, 100],
  [33, 77, 130],
  [700, 600, 256],
  [1500, 1500, 520],
  [2048, 100, 512],
  [2100, 2304, 1000],
  [4096, 4096, 4096],
] as const;

test.each(["float32", "tf32", "bfloat16"] as const)("products of kernels of our own with %s are right", (precision) =>
  expectOwnProducts(cudaNative(), precision, sizes),
);
