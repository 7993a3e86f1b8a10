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
  const base = m.importGlobal("host", "base", "i32");
  m.importMemory("host", "memory", { initial: 1, maximum: 4, shared: true });
  const shared = m.importTable("host", "table", { initial: 2 });

  const count = m.global("count", "i32", 7, { mutable: true });
  const big = m.global("big", "i64", -(2n ** 63n));
  const vector = m.global("vector", "v128", Float32Array.of(1, 2, 3, 4));
  const own = m.table({ initial: 2, maximum: 4 });
  const binary = { params: { x: "i32", y: "i32" }, results: ["i32"] } as const;
  const add = m.func("add", binary, ({ i32 }, { x, y }) => i32.add(x, y));
  const sub = m.func("sub", binary, ({ i32 }, { x, y }) => i32.sub(x, y));
  m.elements(shared, 1, [log]);
  m.elements(own, 0, [add]);
  const spare = m.passiveElements([sub]);
  m.data(8, Uint8Array.of(1, 2, 3, 4));
  const passive = m.passiveData(Uint8Array.of(9, 8, 7));

  const start = m.func("start", { params: {} }, (f) => {
    f.memory.init(16, 0, 3, passive);
    f.data.drop(passive);
    f.set(count, f.i32.add(count, base));
    f.call(log, count);
  });
  m.start(start);
  const apply = m.func("apply", { params: { at: "i32", x: "i32", y: "i32" }, results: ["i32"] }, (f, { at, x, y }) =>
    f.callIndirect(own, { params: ["i32", "i32"], results: ["i32"] }, [x, f.i32.add(y, 1)], at),
  );
  const lane = m.func("lane", { params: {}, results: ["f32"] }, (f) => f.f32x4.extract_lane(f.get(vector), 2));
  const divide = m.func("divide", { params: { x: "i32", y: "i32" }, results: ["i32", "i32"] }, ({ i32 }, { x, y }) => [
    i32.div_s(x, y),
    i32.rem_s(x, y),
  ]);
  const modulo = m.func("modulo", { params: { x: "i32", y: "i32" }, results: ["i32"] }, (f, { x, y }) => {
    f.setAll([x, y], f.call(divide, x, y));
    return y;
  });
  for (const entry of [apply, lane, divide, modulo]) m.export(entry.name, entry);
  m.export("big", big);
  m.export("count", count);
  m.export("own", own);
  void spare;
  return m;
}

test("imports, functions, globals, tables, segments, start and exports work together", () => {
  const memory = new engine.Memory({ initial: 1, maximum: 4, shared: true });
  const logged: unknown[] = [];
  const { Table, Global } = (globalThis as any).WebAssembly;
  const table = new Table({ initial: 2, element: "anyfunc" });
  const host = { log: (x: unknown) => logged.push(x), base: new Global({ value: "i32" }, 35), memory, table };
  const { apply, lane, divide, modulo, big, count, own } = run<any>(everything().toBytes(), { host });
  expect(logged).toEqual([42]);
  expect([...new Uint8Array(memory.buffer, 8, 11)]).toEqual([1, 2, 3, 4, 0, 0, 0, 0, 9, 8, 7]);
  table.get(1)(5);
  expect(logged).toEqual([42, 5]);
  expect(apply(0, 20, 21)).toBe(42);
  expect(() => apply(1, 20, 21)).toThrow("signature mismatch");
  expect(lane()).toBe(3);
  expect(divide(17, 5)).toEqual([3, 2]);
  expect(modulo(17, 5)).toBe(2);
  expect([big.value, count.value, own.length]).toEqual([-(2n ** 63n), 42, 2]);
});

test("equal calls give equal bytes, as often as they are asked for", () => {
  const m = everything();
  expect(m.toBytes()).toEqual(m.toBytes());
  expect(everything().toBytes()).toEqual(m.toBytes());
});

test("a function calls itself, and one that is written after it", () => {
  const m = new ModuleBuilder();
  const signature = { params: { n: "i32" }, results: ["i32"] } as const;
  const [even, odd] = [m.declare("even", signature), m.declare("odd", signature)];
  m.define(even, (f, { n }) =>
    f.if(
      "i32",
      n,
      () => f.call(odd, f.i32.sub(n, 1)),
      () => 1,
    ),
  );
  m.define(odd, (f, { n }) =>
    f.if(
      "i32",
      n,
      () => f.call(even, f.i32.sub(n, 1)),
      () => 0,
    ),
  );
  m.export("even", even);
  expect([0, 1, 10, 11].map((n) => run(m.toBytes()).even!(n))).toEqual([1, 0, 1, 0]);
});

test("stack traces name the functions", () => {
  const m = new ModuleBuilder();
  m.export(
    "f",
    m.func("gemmTile", { params: {} }, (f) => f.unreachable()),
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
  const results = ["i32", "f64", "i64", "f32"] as const;
  m.export(
    "zeros",
    m.func("zeros", { params: { x: "f32" }, results }, (f) => {
      const [a, , b, c, d] = [f.local("i32"), f.local("i32"), f.local("f64"), f.local("i64"), f.local("f32")];
      return [a, b, c, d];
    }),
  );
  expect(run(m.toBytes()).zeros!(5)).toEqual([0, 0, 0n, 0]);
});

test("what a module cannot have is refused", () => {
  const refusal = (write: (m: ModuleBuilder) => unknown) => {
    try {
      write(new ModuleBuilder());
    } catch (error) {
      return String(error).replace(/module\.test\.ts:\d+/, "module.test.ts:…");
    }
    return "nothing was refused";
  };
  const none = { params: {} };
  const nothing = () => undefined;
  expect(
    refusal((m) => {
      m.func("f", none, nothing);
      m.importFunc("host", "late", none);
    }),
  ).toMatchInlineSnapshot(`
    "AssemblyError E558 import: "late" comes after a function of the module's own.
      at: module.test.ts:…
      fix: import before you define."
  `);
  expect(
    refusal((m) => {
      m.declare("promised", none);
      m.toBytes();
    }),
  ).toMatchInlineSnapshot(`
    "AssemblyError E558 toBytes: the function promised has no body.
      at: module.test.ts:…
      fix: give it one with m.define."
  `);
  expect(
    refusal((m) => {
      const f = m.declare("f", none);
      m.define(f, nothing);
      m.define(f, nothing);
    }),
  ).toMatchInlineSnapshot(`
    "AssemblyError E558 define: the function f already has a body.
      at: module.test.ts:…"
  `);
  expect(refusal((m) => m.define(new ModuleBuilder().declare("f", none), nothing))).toMatchInlineSnapshot(`
    "AssemblyError E558 define: the function f is of another module.
      at: module.test.ts:…"
  `);
  expect(refusal((m) => m.memory({ initial: 1, shared: true }))).toMatchInlineSnapshot(`
    "AssemblyError E558 memory: a shared memory needs a maximum.
      at: module.test.ts:…"
  `);
  expect(refusal((m) => m.memory({ initial: 2, maximum: 1 }))).toMatchInlineSnapshot(`
    "AssemblyError E558 memory: the limits 2 and 1 are not in order, or above 65536 pages.
      at: module.test.ts:…"
  `);
  expect(refusal((m) => [m.memory({ initial: 1 }), m.memory({ initial: 1 })])).toMatchInlineSnapshot(`
    "AssemblyError E558 memory: the module already has a memory.
      at: module.test.ts:…"
  `);
  expect(
    refusal((m) => {
      m.export("a", m.global("a", "i32", 0));
      m.export("a", m.global("b", "i32", 0));
    }),
  ).toMatchInlineSnapshot(`
    "AssemblyError E558 export: "a" is already exported.
      at: module.test.ts:…"
  `);
  expect(refusal((m) => m.start(m.declare("f", { params: { x: "i32" } })))).toMatchInlineSnapshot(`
    "AssemblyError E558 start: f is (i32) -> (), but it has to be () -> ().
      at: module.test.ts:…"
  `);
  expect(
    refusal((m) => {
      m.global("half", "i32", 0.5);
      m.toBytes();
    }),
  ).toMatchInlineSnapshot(`
    "AssemblyError E557 global half: the constant is a whole number from −2³¹ to 2³² − 1.
      given: 0.5"
  `);
});
