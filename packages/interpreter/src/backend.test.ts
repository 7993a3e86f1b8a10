import { type Backend, type Buffer, bindDims, type Executable } from "@tenon/backend";
import { interpreter } from "@tenon/interpreter";
import { add, buildModule, decodeElements, dimSymbol, encodeElements, Fn, input, mul, verify } from "@tenon/ir";
import { expect, test } from "vitest";

const B = dimSymbol("B", { min: 1, max: 8 });

/** (w alias 0, x) → (w + x, w · x), over [B]. */
function program(): Fn {
  const [w, x] = [input({ dtype: "float32", shape: [B] }, "w"), input({ dtype: "float32", shape: [B] }, "x")];
  return new Fn("step", [w, x], [add(w, x), mul(w, x)], [0]);
}

const floats = (...values: number[]) => encodeElements("float32", values);

function filled(backend: Backend, ...values: number[]): Buffer {
  const buffer = backend.alloc(4 * values.length);
  backend.write(buffer, floats(...values));
  return buffer;
}

async function compiled(options = {}): Promise<[Backend, Executable]> {
  const backend = await interpreter(options).create();
  return [backend, await backend.compile(verify(buildModule({ entries: { step: program() } })), "step")];
}

const valuesOf = async (backend: Backend, buffer: Buffer) => [...decodeElements("float32", await backend.read(buffer))];

test("an aliased result is the argument's own buffer", async () => {
  const [backend, step] = await compiled();
  const [w, x] = [filled(backend, 1, 2), filled(backend, 10, 20)];
  const dims = Object.fromEntries(bindDims(step.signature, [[2], [2]]));
  const [sum, product] = step.run([w, x], { dims });
  expect(sum).toBe(w);
  expect(await valuesOf(backend, sum!)).toEqual([11, 22]);
  expect(await valuesOf(backend, product!)).toEqual([10, 40]);
  expect(backend.stats()).toEqual({ liveBuffers: 3, liveBytes: 24, cachedPrograms: 1 });
});
