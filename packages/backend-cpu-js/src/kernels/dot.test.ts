import { expect, test } from "vitest";
import { evaluateKernel } from "../../../lowering/src/kernel/evaluate.test-kit.ts";
import { features } from "../assembler/features.ts";
import { importMath } from "../render/index.ts";
import { renderDot } from "./dot.ts";
import { dotParts, dotScratchBytes } from "./dot-plan.ts";
import { drawer, type Epilogue, layouts, type ProductCase, productOf } from "./dot-products.test-kit.ts";
import { runTemplate } from "./template.test-kit.ts";

const levels = [false, true].filter((relaxed) => !relaxed || features().relaxed);

/** All buffers after the kernel, by the evaluator and by WebAssembly. Numbers are whole and small, so that they agree exactly. */
function check(c: ProductCase, relaxed: boolean, cuts: readonly number[] = []): void {
  const { kernel, memories, scalars } = productOf(c);
  const expected = memories();
  evaluateKernel(kernel, [{ memories: expected, scalars }]);
  const actual = runTemplate(
    kernel,
    (m) => ({
      func: renderDot(m, kernel, { relaxed, math: importMath(m) }),
      scratchBytes: dotScratchBytes(kernel, { relaxed }),
      parts: dotParts(kernel),
    }),
    memories(),
    scalars,
    cuts,
  );
  expect(actual, JSON.stringify({ ...c, relaxed })).toEqual(expected.map(({ data }) => [...data]));
}

const epilogues: readonly Epilogue[] = ["store", "bias, relu and residual", "masked and transposed", "column sums"];
const types = ["float32", "float32", "float32", "float64", "int32", "uint32"] as const;

test.each(levels)(
  "products of any size, layout, type and epilogue are those of the evaluator (relaxed: %s)",
  (relaxed) => {
    const draw = drawer(1);
    for (let i = 0; i < 120; i++) {
      const size = (): number => (draw(20) === 0 ? 0 : 1 + draw(draw(3) === 0 ? 40 : 12));
      const epilogue = epilogues[draw(4)]!;
      const type = types[draw(types.length)]!;
      check(
        {
          ...{
            batch: epilogue === "column sums" ? 1 : 1 + draw(3),
            rows: size(),
            columns: size(),
            k: size(),
            type,
            epilogue,
          },
          ...{ a: layouts[draw(6)]!, b: layouts[draw(6)]!, symbolic: draw(2) === 1 },
          ...(type === "float32" && draw(4) === 0 ? { dtype: "bfloat16" as const } : {}),
        },
        relaxed,
      );
    }
  },
);

test.each(levels)("sums are kept from one block of k, of rows or of columns to the next (relaxed: %s)", (relaxed) => {
  const common = { batch: 1, type: "float32", a: "k last", b: "lines last" } as const;
  check({ ...common, rows: 386, columns: 1, k: 401, epilogue: "column sums" }, relaxed);
  check({ ...common, rows: 1, columns: 515, k: 401, epilogue: "bias, relu and residual", symbolic: true }, relaxed);
});

test("parts of a product may be computed in any order", () => {
  const common = { batch: 3, rows: 200, columns: 5, k: 4, type: "float32", a: "k last", b: "k last" } as const;
  for (const symbolic of [false, true]) check({ ...common, epilogue: "store", symbolic }, false, [1, 5, 6]);
});
