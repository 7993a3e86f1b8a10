import { expect, test } from "vitest";
import { addIndex, indexVariable, scaleIndex } from "../index-expression.ts";
import type { IndexVariable } from "../index-node.ts";
import { lessThan } from "../index-predicate.ts";
import { loadParts } from "../parts.ts";
import type { LoopKernel } from "./kernel.ts";
import { kernelText } from "./text.ts";
import { kernelKey } from "./walk.ts";
import { KernelWriter } from "./writer.ts";

await loadParts();

/** `y = max(x, low)` with the sums of its rows, of which only the first `kept` columns are read. */
function kernelOf({ name = "clamp", low = 0, kept = 200, highest = 64 } = {}): LoopKernel {
  const w = new KernelWriter();
  const rows = indexVariable("B", 1, highest) as IndexVariable;
  const [x, y, sums] = [w.slot("float32", "read"), w.slot("float32", "write"), w.slot("float32", "write")];
  const i = w.axis("i", rows);
  w.loop(i, rows, "parallel", () => {
    const sum = w.register("float32", "add");
    const j = w.axis("j", 256);
    w.loop(j, 256, "reduce", () => {
      const at = addIndex(scaleIndex(256, i), j);
      const value = w.alu("maximum", [w.load(x, at, lessThan(j, kept)), w.constant("float32", low)]);
      w.store(y, at, value);
      w.update(sum, value);
    });
    w.store(sums, i, w.read(sum));
  });
  return { kind: "loops", name, slots: w.slots, scalars: [rows], body: w.statements };
}

test("a kernel reads as loops over numbered values", () => {
  expect(kernelText(kernelOf())).toMatchInlineSnapshot(`
    "loops clamp(in0: float32, out0: float32 write, out1: float32 write; B)
    for i0 < B parallel {
      r0 = nothing : add of float32
      for j0 < 256 reduce {
        v0 = in0[i0 * 256 + j0] where j0 < 200 : float32
        v1 = maximum v0 0 : float32
        out0[i0 * 256 + j0] = v1
        r0 add= v1
      }
      v2 = r0 : float32
      out1[i0] = v2
    }"
  `);
});

test("kernels have one key where they differ in names alone", () => {
  const key = kernelKey(kernelOf());
  const renamed = kernelOf({ name: "another" });
  for (const slot of renamed.slots) Object.assign(slot, { name: `renamed ${slot.name}` });
  expect(kernelKey(renamed)).toBe(key);
  for (const other of [{ low: -0 }, { kept: 100 }, { highest: 32 }]) expect(kernelKey(kernelOf(other))).not.toBe(key);
});
