import { expect } from "vitest";
import { openDevice } from "../device.ts";
import { testEmulatedDevice } from "../emulated-device.test-kit.ts";
import { Memory } from "../memory.ts";
import type { ProductProblem } from "./problem.ts";
import { type Keep, Products } from "./products.ts";

const lies = { offset: 0, leading: 8, stride: 0, alignment: 256 };
const problem: ProductProblem = {
  ...{ operandType: "float32", resultType: "float32", mul: "same", activation: "none", alpha: 1 },
  ...{ rows: 8, columns: 8, depth: 8, batch: 1, turnA: false, turnB: false },
  ...{ a: { slot: 0, ...lies }, b: { slot: 1, ...lies }, c: undefined, d: { slot: 2, ...lies }, bias: undefined },
};

testEmulatedDevice(
  "the first algorithm is taken untimed; tuned, the quickest, which is kept for other processes",
  () => {
    const { device } = openDevice();
    const memory = new Memory(device);
    const kept = new Map<string, Uint8Array>();
    let writes = 0;
    const keep: Keep = {
      read: (name) => kept.get(name),
      write(name, data) {
        writes++;
        kept.set(name, data);
      },
    };
    const workspaceOf = (tune: boolean) => {
      const ready = new Products(device, memory, keep, { tune, small: true, driver: 13_000 }).ready(problem, {});
      return typeof ready === "string" ? ready : ready.workspaceBytes;
    };
    // the emulated library's first proposal wants 64 KiB, and the quickest of all wants 1 MiB
    expect(workspaceOf(false)).toBe(2 ** 16);
    expect(writes).toBe(0);
    expect(workspaceOf(true)).toBe(2 ** 20);
    expect(workspaceOf(true)).toBe(2 ** 20);
    expect(writes).toBe(1);
    expect(memory.inUse).toBe(0);
    device.close();
  },
);

testEmulatedDevice("what was kept and does not do is timed again; what the library refuses is a reason", () => {
  const { device } = openDevice();
  const written: Uint8Array[] = [];
  const keep: Keep = { read: () => new Uint8Array(64), write: (_, data) => void written.push(data) };
  const products = new Products(device, new Memory(device), keep, { tune: true, small: true, driver: 13_000 });
  expect(products.ready(problem, {})).toMatchObject({ workspaceBytes: 2 ** 20 });
  expect(written).toHaveLength(1);
  const narrow = { ...problem, a: { ...problem.a, leading: 7 } };
  expect(products.ready(narrow, {})).toBe(
    "cuBLASLt refuses 8×8×8 float32: matmulAlgoGetHeuristic: CUBLAS_STATUS_INVALID_VALUE (a leading dimension is 7, less than 8 rows)",
  );
  expect(products.ready({ ...problem, operandType: "float16", mul: "tf32" }, {})).toBe(
    "cuBLASLt has no algorithm for 8×8×8 float16 to float32, tf32",
  );
  device.close();
});
