import { expect, test } from "vitest";
import { features } from "./features.ts";

test("the engine of the workspace has every feature", () => {
  expect(features()).toEqual({ simd: true, relaxed: true, threads: true });
});

test("an engine that validates nothing has none, and neither has a host without WebAssembly", () => {
  const host = globalThis as { WebAssembly?: unknown };
  const { WebAssembly: kept } = host;
  const none = { simd: false, relaxed: false, threads: false };
  try {
    host.WebAssembly = { validate: () => false };
    expect(features()).toEqual(none);
    delete host.WebAssembly;
    expect(features()).toEqual(none);
  } finally {
    host.WebAssembly = kept;
  }
});
