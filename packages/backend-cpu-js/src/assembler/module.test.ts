import { expect, test } from "vitest";
import { engine, run } from "./engine.test-kit.ts";
import { ModuleBuilder } from "./module.ts";

test("an empty module is magic and version", () => {
  expect([...new ModuleBuilder().toBytes()]).toEqual([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]);
});

/** A module with everything that a module can have. */
function everything(): ModuleBuilder {
  const m = new ModuleBuilder();
  const log = m.importFunc("host", "log", { params: { x: "i32" } });
  m.importMemory("host", "memory", { initial: 1, maximum: 4, shared: true });
  const difference = m.func("difference", { params: { x: "i32", y: "i32" }, results: ["i32"] }, ({ i32 }, { x, y }) =>
    i32.sub(x, y),
  );
  const apply = m.func("apply", { params: { x: "i32", y: "i32" } }, (f, { x, y }) => {
    f.call(log, f.call(difference, x, f.i32.load(y)));
  });
  m.export("difference", difference);
  m.export("apply", apply);
  return m;
}

test("imports, functions, memory and exports work together", () => {
  const memory = new engine.Memory({ initial: 1, maximum: 4, shared: true });
  const logged: unknown[] = [];
  const host = { log: (x: unknown) => logged.push(x), memory };
  const { difference, apply } = run(everything().toBytes(), { host });
  expect(difference!(50, 8)).toBe(42);
  new Int32Array(memory.buffer).set([0, 0, 9]);
  apply!(50, 8);
  expect(logged).toEqual([41]);
});

test("a memory of the module's own is exported", () => {
  const m = new ModuleBuilder();
  m.export("memory", m.memory({ initial: 2 }));
  const { memory } = run<{ memory: { buffer: ArrayBuffer } }>(m.toBytes());
  expect(memory.buffer.byteLength).toBe(2 * 65_536);
});

test("equal calls give equal bytes, as often as they are asked for", () => {
  const m = everything();
  expect(m.toBytes()).toEqual(m.toBytes());
  expect(everything().toBytes()).toEqual(m.toBytes());
});

test("stack traces name the functions", () => {
  const m = new ModuleBuilder();
  m.export(
    "f",
    m.func("gemmTile", { params: {} }, (f) => f.drop(f.i32.div_s(1, 0))),
  );
  let stack = "";
  try {
    run(m.toBytes()).f!();
  } catch (error) {
    stack = (error as Error).stack!;
  }
  expect(stack).toContain("gemmTile");
});

test("locals of every type, in any order, begin as zero", () => {
  const m = new ModuleBuilder();
  m.export(
    "zeros",
    m.func("zeros", { params: { x: "f32" }, results: ["f64"] }, (f) => {
      const [a, , b, , d] = [f.local("i32"), f.local("i32"), f.local("f64"), f.local("i64"), f.local("f32")];
      return f.f64.add(f.f64.add(b, f.f64.convert_i32_s(a)), f.f64.promote_f32(d));
    }),
  );
  expect(run(m.toBytes()).zeros!(5)).toBe(0);
});

test("an import after a function, whose number it would take, is refused", () => {
  const m = new ModuleBuilder();
  m.func("f", { params: {} }, () => {});
  expect(() => m.importFunc("host", "late", { params: {} })).toThrowErrorMatchingInlineSnapshot(`
    [AssemblyError E558 import: "late" comes after a function of the module's own.
      fix: import before you define.]
  `);
});
