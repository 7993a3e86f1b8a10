import { TenonError } from "@tenon/ir";
import type { SnapshotSerializer } from "vitest";

/** Shows errors in snapshots as they are printed: `[ShapeError E204 matmul: …]`. */
export default {
  test: (value: unknown) => value instanceof TenonError,
  serialize: (value: unknown) => `[${String(value)}]`,
} satisfies SnapshotSerializer;
