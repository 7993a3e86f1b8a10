import { expect } from "vitest";
import {
  drawer,
  type Epilogue,
  layouts,
  type ProductCase,
  productOf,
} from "../../../backend-cpu-js/src/kernels/dot-products.test-kit.ts";
import { evaluated } from "../../../lowering/src/kernel/random-kernel.test-kit.ts";
import { emulated, testEmulated } from "../emulation.test-kit.ts";
import { renderDot } from "./dot.ts";

const epilogues: readonly Epilogue[] = ["store", "bias, relu and residual", "masked and transposed"];
const types = ["float32", "float32", "float32", "float64", "int32", "uint32"] as const;

testEmulated("products of any size, layout, type and epilogue are those of the evaluator", { timeout: 120_000 }, () => {
  const draw = drawer(1);
  const cases = Array.from({ length: 30 }, (): ProductCase => {
    const unit = draw(2) === 0 ? 1 : 4; // of which 16 bytes are loaded at once
    const size = (): number => (draw(20) === 0 ? 0 : unit * (1 + draw((draw(3) === 0 ? 140 : 12) / unit)));
    const [epilogue, type, a, b] = [epilogues[draw(3)]!, types[draw(6)]!, layouts[draw(6)]!, layouts[draw(6)]!];
    const [batch, rows, columns, k] = [1 + draw(2), size(), size(), Math.min(size(), 40)];
    return { batch, rows, columns, k, type, a, b, epilogue, symbolic: draw(2) === 0 };
  });
  const products = cases.map(productOf);
  const launches = products.map(({ kernel, memories, scalars }) => ({
    source: renderDot(kernel),
    memories: memories(),
    scalars,
  }));
  for (const [i, found] of emulated(launches).entries()) {
    const { kernel, memories, scalars } = products[i]!;
    const expected = evaluated(kernel)(memories(), scalars);
    const [data, wanted] = [found, expected].map((all) => all.map((memory) => [...memory.data]));
    expect(data, `${JSON.stringify(cases[i])}\n${launches[i]!.source.text}`).toEqual(wanted);
  }
});
