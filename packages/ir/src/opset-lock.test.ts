import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  brokenPromises,
  currentOps,
  emptyLock,
  isUpToDate,
  type LockedOp,
  type OpsetLock,
  updated,
} from "./opset-lock.test-kit.ts";

const path = new URL("../opset.lock.json", import.meta.url);
const now = currentOps();
const before: OpsetLock = existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as OpsetLock) : emptyLock;
const update = process.env.TENON_UPDATE;
if (
  update !== undefined &&
  brokenPromises(before, now).length === 0 &&
  (update === "release" || !isUpToDate(before, now))
) {
  writeFileSync(path, `${JSON.stringify(updated(before, now, update === "release"), null, 2)}\n`);
}
const lock = JSON.parse(readFileSync(path, "utf8")) as OpsetLock;

test("released ops are what they were", () => {
  expect(brokenPromises(lock, now)).toEqual([]);
});

test("opset.lock.json lists the ops as they are; TENON_UPDATE=1 writes it anew", () => {
  expect(lock).toEqual(updated(lock, now));
});

test("a released op is immutable under its version", () => {
  const one: LockedOp = {
    kind: "scalar",
    numeric: "exact",
    inputs: ["x"],
    results: ["y"],
    attrs: { axis: { kind: "plain", expected: "an axis", default: -1 } },
  };
  const released = updated(emptyLock, { "nn.a@1": one, "nn.b@1": one }, true);
  expect(released.unreleased).toEqual({});
  const broken = (ops: Record<string, LockedOp>): string[] => brokenPromises(released, ops);
  expect(broken({ "nn.a@1": one, "nn.b@1": one, "nn.c@1": one })).toEqual([]);
  expect(broken({ "nn.a@2": { ...one, attrs: {} }, "nn.b@1": one })).toEqual([]);
  expect(broken({ "nn.a@1": one })).toEqual(["nn.b@1 was released and is gone: every reader must know it"]);
  for (const change of [
    { numeric: "rounded" },
    { inputs: ["x", "z"] },
    { results: [] },
    { attrs: {} },
    { kind: "composite" },
  ]) {
    const [part] = Object.keys(change);
    expect(broken({ "nn.a@1": { ...one, ...change }, "nn.b@1": one })).toEqual([
      `nn.a@1 was released with other ${part}: give the changed op version 2`,
    ]);
  }
  const moved = { ...one, attrs: { axis: { kind: "plain", expected: "an axis", default: 0 } } };
  expect(broken({ "nn.a@1": moved, "nn.b@1": one })).toHaveLength(1);
});

test("an op that is not released may change, and is then listed anew", () => {
  const one: LockedOp = { kind: "scalar", numeric: "exact", inputs: ["x"], results: ["y"], attrs: {} };
  const locked = updated(emptyLock, { "nn.a@1": one });
  expect(isUpToDate(locked, { "nn.a@1": one })).toBe(true);
  expect(isUpToDate(locked, { "nn.a@1": { ...one, numeric: "rounded" } })).toBe(false);
  expect(isUpToDate(locked, {})).toBe(false);
  expect(brokenPromises(locked, {})).toEqual([]);
});
