import { type BackendFactory, backendOf, registerBackend, registeredBackends } from "@tenon/backend";
import { chooseBackend } from "@tenon/backend/node";
import { afterEach, expect, test } from "vitest";

const factory = (id: string, whyNot?: string): BackendFactory => ({
  id,
  abi: 1,
  create: () => Promise.reject(new Error("not in this test")),
  ...(whyNot !== undefined && { whyNot: async () => whyNot }),
});

const registered =
  (globalThis as unknown as Record<symbol, Map<string, BackendFactory>>)[Symbol.for("tenon.backends")] ?? new Map();
afterEach(() => {
  for (const { id } of registeredBackends())
    (globalThis as unknown as Record<symbol, Map<string, BackendFactory>>)[Symbol.for("tenon.backends")]!.delete(id);
  expect(registered.size).toBe(0);
});

test("a registered backend is found by its name; a factory stands for itself", () => {
  const mine = factory("mine");
  registerBackend(mine);
  expect(backendOf("mine")).toBe(mine);
  const other = factory("other");
  expect(backendOf(other)).toBe(other);
});

test("an unknown backend is refused with the nearest name and the way to install one", () => {
  registerBackend(factory("interpreter"));
  expect(() => backendOf("web-gpu")).toThrowErrorMatchingInlineSnapshot(`
    [BackendError E501 backend: there is no backend "web-gpu".
      registered: interpreter
      fix: did you mean webgpu? Otherwise install it with: npm install @tenon/backend-web-gpu.]
  `);
  expect(() => backendOf("cuda")).toThrowErrorMatchingInlineSnapshot(`
    [BackendError E501 backend: there is no backend "cuda".
      registered: interpreter
      fix: did you mean cuda-native? Otherwise install it with: npm install @tenon/backend-cuda.]
  `);
  expect(() => backendOf("quantum")).toThrowErrorMatchingInlineSnapshot(`
    [BackendError E501 backend: there is no backend "quantum".
      registered: interpreter
      fix: install it with: npm install @tenon/backend-quantum.]
  `);
  expect(() => backendOf("cpu-js")).toThrowErrorMatchingInlineSnapshot(`
    [BackendError E503 backend: cpu-js is not registered.
      registered: interpreter
      fix: import "@tenon/backend-cpu-js" before it is asked for, or pass its factory; install it with: npm install @tenon/backend-cpu-js.]
  `);
});

test("what is neither a name nor a backend is refused", () => {
  const cpuJs = () => factory("cpu-js");
  const refuse = (choice: unknown) => expect(() => backendOf(choice as string));
  refuse(cpuJs).toThrowErrorMatchingInlineSnapshot(`
    [BackendError E501 backend: a function is no backend.
      fix: give the name of one, such as "cpu-js", or what its factory gives, such as cpuJs().]
  `);
  for (const choice of [null, undefined, 3, {}, ["cpu-js"]]) refuse(choice).toThrow(/E501.* is no backend/);
});

test("a backend of another contract is refused", () => {
  expect(() => registerBackend({ ...factory("old"), abi: 0 as 1 })).toThrowErrorMatchingInlineSnapshot(`
    [BackendError E502 backend: old speaks version 0 of the backend contract, this program version 1.
      fix: install a version of @tenon/backend-old that goes with this @tenon/backend.]
  `);
});

test("the argument wins over TENON_BACKEND, that over the configuration, that over auto", async () => {
  for (const id of ["cpu-js", "interpreter", "mine"]) registerBackend(factory(id));
  const config = { backend: "interpreter", options: { debug: {} } };
  const reasonOf = async (sources: Parameters<typeof chooseBackend>[0]) => (await chooseBackend(sources)).reason;
  expect(await reasonOf({ argument: "mine", env: "cpu-js", config })).toBe("backend mine, by argument");
  expect(await reasonOf({ env: "cpu-js", config })).toBe("backend cpu-js, by TENON_BACKEND");
  expect(await reasonOf({ env: "", config })).toBe("backend interpreter, by the configuration file");
  expect(await reasonOf({ argument: factory("given") })).toBe("backend given, by argument");
});

test("options of the configuration go to the backend that it names, and to no other", async () => {
  for (const id of ["cpu-js", "interpreter"]) registerBackend(factory(id));
  const config = { backend: "interpreter", options: { debug: {} } };
  expect((await chooseBackend({ config })).options).toEqual({ debug: {} });
  expect((await chooseBackend({ config, argument: "cpu-js" })).options).toBe(undefined);
  await expect(chooseBackend({ config: { bakend: "cpu-js" } as object })).rejects.toThrowErrorMatchingInlineSnapshot(`
    [OptionError E801 tenon.config: unknown option bakend.
      fix: did you mean backend?]
  `);
});

test("auto takes the first that would serve, and says why not the others", async () => {
  registerBackend(factory("interpreter"));
  registerBackend(factory("webgpu", "its adapter is software"));
  const { factory: found, notice } = await chooseBackend({ argument: "auto" });
  expect(found.id).toBe("interpreter");
  expect(notice).toMatchInlineSnapshot(
    `"backend interpreter, which is slow, by auto (cuda-native: not registered; webgpu: its adapter is software; cpu-js: not registered)"`,
  );
  registerBackend(factory("cpu-js"));
  expect((await chooseBackend()).notice).toMatchInlineSnapshot(
    `"backend cpu-js, by auto (cuda-native: not registered; webgpu: its adapter is software)"`,
  );
  registerBackend(factory("cuda-native"));
  expect((await chooseBackend()).notice).toBe("backend cuda-native, by auto");
});

test("auto without any backend says how to get one", async () => {
  await expect(chooseBackend()).rejects.toThrowErrorMatchingInlineSnapshot(`
    [BackendError E508 backend: auto found no backend.
      cuda-native: not registered
      webgpu: not registered
      cpu-js: not registered
      interpreter: not registered
      fix: install one with: npm install @tenon/backend-cpu-js.]
  `);
});
