import { Draw } from "@tenon/conformance";
import { drawer, layouts, productOf } from "../../backend-cpu-js/src/kernels/dot-products.test-kit.ts";
import { Draw as KernelDraw, randomKernel } from "../../lowering/src/kernel/random-kernel.test-kit.ts";
import { renderLoops } from "./cuda/loops.ts";
import { type KernelSource, programText } from "./cuda/source.ts";
import { attentionCases, kernelOfCase } from "./kernels/attention.test-kit.ts";
import { renderDot } from "./kernels/dot.ts";
import { formatOf, renderMatrix } from "./kernels/matrix.ts";
import { groupTile, matrixTile } from "./kernels/matrix-tile.ts";

/** A program with kernels of every kind, for compilers: products with each tile, attention, loops. */
export async function deviceProgram(architecture: "sm_80" | "sm_90a"): Promise<string> {
  const draw = drawer(3);
  const products = Array.from({ length: 8 }, () => {
    const [a, b] = [layouts[draw(6)]!, layouts[draw(6)]!];
    const sizes = { batch: 2, rows: 4 * (1 + draw(50)), columns: 1 + draw(200), k: 20 };
    const options = { type: "float32", epilogue: "bias, relu and residual", symbolic: false } as const;
    return renderDot(productOf({ ...sizes, a, b, ...options }).kernel);
  });
  const groups = architecture === "sm_90a" ? [groupTile(128), groupTile(256)] : [];
  const tiles = [{ ...matrixTile(32, 32), teams: 4 }, matrixTile(64, 64), matrixTile(128, 128), ...groups];
  const matrices = ([{ mul: "bf16" }, { mul: "tf32" }, { dtype: "float16" }] as const).flatMap((factors) =>
    tiles.map((tile) => {
      const sizes = { batch: 2, rows: 300, columns: 1 + draw(200), k: 72 } as const;
      const options = { type: "float32", epilogue: "bias, relu and residual", symbolic: draw(2) === 0 } as const;
      const [a, b] = [layouts[draw(6)]!, layouts[draw(6)]!];
      const { kernel } = productOf({ ...sizes, ...options, ...factors, a, b });
      return renderMatrix(kernel, formatOf(kernel)!, tile);
    }),
  );
  const attention: KernelSource[] = [];
  for (const c of attentionCases) attention.push((await kernelOfCase(c, new Draw(1))).source);
  const limits = { maxThreads: 256, sharedBytes: 49_152 };
  const loops = Array.from({ length: 30 }, (_, i) => renderLoops(randomKernel(new KernelDraw(i + 1)), limits));
  return programText([...products, ...matrices, ...attention, ...loops]);
}
