import * as data from "@tenon/datasets";
import * as layers from "@tenon/layers";
import * as losses from "@tenon/losses";
import * as metrics from "@tenon/metrics";
import * as optimizers from "@tenon/optimizers";
import * as tensors from "@tenon/tensor";
import * as train from "@tenon/train";
import { expect, test } from "vitest";
import * as tenon from "./index.ts";

test("every name of every package is there: none is lost because two packages have it", () => {
  const packages = { data, layers, losses, metrics, optimizers, tensors, train };
  const missing = Object.entries(packages).flatMap(([from, names]) =>
    Object.keys(names)
      .filter((name) => !(name in tenon))
      .map((name) => `${from}.${name}`),
  );
  expect(missing).toEqual([]);
  expect(tenon.flatten).toBe(layers.flatten);
  expect(tenon.zeros).toBe(tensors.zeros);
});
