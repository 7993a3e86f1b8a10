import { test } from "vitest";
import { expectUnseen } from "../../../conformance/src/unseen.test-kit.ts";
import { cpuJs } from "../backend.ts";

test.each([true, false])("a query whose scores are all −∞ yields 0 (by a kernel of its own: %s)", (claims) =>
  expectUnseen(cpuJs({ claims })),
);
