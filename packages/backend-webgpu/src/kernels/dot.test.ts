import { expect } from "vitest";
import {
  drawer,
  type Epilogue,
  layouts,
  type ProductCase,
  productOf,
} from "../../../backend-cpu-js/src/kernels/dot-products.test-kit.ts";
import { evaluated } from "../../../lowering/src/kernel/random-kernel.test-kit.ts";
import { testWithGpu } from "../gpu.test-kit.ts";
import { launched, testLimits } from "../wgsl/run.test-kit.ts";
import { renderDot } from "./dot.ts";

/** All buffers after the kernel, by the evaluator and by the device. Numbers are whole and small, so that they agree exactly. */
async function check(c: ProductCase, sharedBytes = testLimits.sharedBytes): Promise<void> {
  const { kernel, memories, scalars } = productOf(c);
  const source = renderDot(kernel, sharedBytes);
  const expected = evaluated(kernel)(memories(), scalars);
  const actual = await launched(source, memories(), scalars);
  const [found, wanted] = [actual, expected].map((all) => all.map(({ data }) => [...data]));
  expect(found, `${JSON.stringify(c)}\n${source.declarations}\n${source.body}`).toEqual(wanted);
}

const epilogues: readonly Epilogue[] = ["store", "bias, relu and residual", "masked and transposed"];
const types = ["float32", "float32", "float32", "int32", "uint32"] as const;

testWithGpu.each([
  ["through workgroup memory", testLimits.sharedBytes, 12],
  ["without it", 0, 40],
])(
  "products of any size, layout, type and epilogue are those of the evaluator, %s",
  { timeout: 60_000 },
  async (_, sharedBytes, count) => {
    const draw = drawer(1);
    for (let i = 0; i < count; i++) {
      const size = (): number => (draw(20) === 0 ? 0 : 1 + draw(draw(3) === 0 ? 70 : 12));
      const [epilogue, type, a, b] = [epilogues[draw(3)]!, types[draw(5)]!, layouts[draw(6)]!, layouts[draw(6)]!];
      const [batch, rows, columns, k] = [1 + draw(3), size(), size(), size()];
      await check({ batch, rows, columns, k, type, a, b, epilogue, symbolic: draw(2) === 0 }, sharedBytes);
    }
  },
);

testWithGpu("operands are loaded by vectors where their lines lie side by side in fours", async () => {
  const c: ProductCase = {
    ...{ batch: 2, rows: 68, columns: 36, k: 19, type: "float32", epilogue: "store" },
    ...{ a: "lines last", b: "lines last" },
  };
  expect(renderDot(productOf(c).kernel, testLimits.sharedBytes).slots.filter(({ vectors }) => vectors)).toHaveLength(2);
  await check(c);
});

testWithGpu("tiles that are 64 wide", { timeout: 60_000 }, async () => {
  await check({
    ...{ batch: 1, rows: 1030, columns: 1028, k: 1, type: "float32", epilogue: "store" },
    ...{ a: "k last", b: "lines last" },
  });
});
