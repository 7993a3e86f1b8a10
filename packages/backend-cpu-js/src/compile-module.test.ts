import v8 from "node:v8";
import { afterEach, expect, test, vi } from "vitest";
import { ModuleBuilder } from "./assembler/module.ts";
import { compileModule } from "./compile-module.ts";
import { engine } from "./engine.ts";

const seven = (): Uint8Array<ArrayBuffer> => {
  const m = new ModuleBuilder();
  m.export(
    "seven",
    m.func("seven", { params: {}, results: ["i32"] }, (f) => f.i32.const(7)),
  );
  return m.toBytes();
};

afterEach(() => void vi.restoreAllMocks());

test("engine flags are set for the compilation alone, also where it fails", async () => {
  const set = vi.spyOn(v8, "setFlagsFromString");
  const calls = (): string[] => set.mock.calls.map(([flag]) => flag);
  const { Instance } = engine();
  const { exports } = new Instance(await compileModule(seven()), {});
  expect((exports.seven as () => number)()).toBe(7);
  const around = calls();
  const ours = around.filter((flag) => flag.startsWith("--no-"));
  expect(ours).toContain("--no-liftoff");
  expect(around).toEqual([...ours, ...ours.map((flag) => flag.replace("--no-", "--"))]);
  set.mockClear();
  await expect(compileModule(seven().slice(0, 20))).rejects.toThrow("WebAssembly.Module()");
  expect(calls()).toEqual(around);
});

test("flags of the whole process stay as they are", async () => {
  const set = vi.spyOn(v8, "setFlagsFromString");
  process.execArgv.push("--no-wasm-lazy-compilation");
  try {
    await compileModule(seven());
  } finally {
    process.execArgv.pop();
  }
  expect(set).not.toHaveBeenCalled();
});

test("where there is no node:v8 the engine compiles in the background", async () => {
  vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined as never);
  const set = vi.spyOn(v8, "setFlagsFromString");
  const { Instance } = engine();
  expect(Object.keys(new Instance(await compileModule(seven()), {}).exports)).toEqual(["seven"]);
  expect(set).not.toHaveBeenCalled();
});

test("functions that call each other are compiled without what Liftoff would have counted", async () => {
  const m = new ModuleBuilder();
  const params = { x: "f32" } as const;
  const half = m.func("half", { params, results: ["f32"] }, (f, { x }) => f.f32.mul(x, 0.5));
  m.export(
    "quarter",
    m.func("quarter", { params, results: ["f32"] }, (f, { x }) => f.call(half, f.call(half, x))),
  );
  const { exports } = new (engine().Instance)(await compileModule(m.toBytes()), {});
  expect((exports.quarter as (x: number) => number)(6)).toBe(1.5);
});
