import { differences, tolerances } from "@tenon/conformance";
import { roundToDType } from "@tenon/ir";
import { expect } from "vitest";
import {
  drawer,
  type Epilogue,
  layouts,
  type ProductCase,
  productOf,
} from "../../../backend-cpu-js/src/kernels/dot-products.test-kit.ts";
import { Memory } from "../../../lowering/src/kernel/evaluate-memory.test-kit.ts";
import { evaluated } from "../../../lowering/src/kernel/random-kernel.test-kit.ts";
import { emulated } from "../emulation.test-kit.ts";
import { formatOf, renderMatrix } from "./matrix.ts";
import { groupTile, type MatrixTile, matrixTile } from "./matrix-tile.ts";

const epilogues: readonly Epilogue[] = ["store", "bias, relu and residual", "masked and transposed"];
const factors = [
  { mul: "bf16" },
  { mul: "tf32" },
  { dtype: "bfloat16" },
  { dtype: "float16" },
] as const satisfies readonly Partial<ProductCase>[];
const sides = [32, 64, 128] as const;
export const tiles: readonly MatrixTile[] = [
  ...sides.flatMap((down) => sides.map((across) => matrixTile(down, across))),
  ...[groupTile(128), groupTile(256)],
  ...[
    { ...matrixTile(32, 32), teams: 4 },
    { ...matrixTile(64, 64), teams: 2 },
  ],
];

/** The same memories with numbers that have to be rounded in place of whole ones. */
function withFractions(memories: readonly Memory[], seed: number): readonly Memory[] {
  const draw = drawer(seed);
  return memories.map(({ dtype, data }) => {
    const isGiven = dtype !== "bool" && data.every(Number.isFinite);
    if (!isGiven) return new Memory(dtype, Float64Array.from(data));
    const narrow = dtype === "float64" ? "float32" : dtype;
    return new Memory(
      dtype,
      Float64Array.from(data, () => roundToDType(narrow, (draw(2 ** 24) - 2 ** 23) / 2 ** 22)),
    );
  });
}

/** Products of drawn sizes, layouts, factors and epilogues, with each tile in turn, against those of rounded factors in float64. */
export function judgeProducts(seed: number, count: number): void {
  const draw = drawer(seed);
  const cases = Array.from({ length: count }, (_, i): ProductCase => {
    const isShared = tiles[i % tiles.length]!.teams > 1; // by teams, of which each is to have several slices
    const size = (): number => 1 + draw(draw(2) === 0 && !isShared ? 140 : 40);
    const [a, b] = [layouts[draw(6)]!, layouts[draw(6)]!];
    const whole = draw(2) === 0; // numbers of terms of which 16 bytes are moved at once
    const [batch, rows, columns, k] = [
      1 + draw(2),
      size(),
      size(),
      (isShared ? 256 : 0) + (whole ? 8 * draw(10) : 1 + draw(80)),
    ];
    const others = { epilogue: epilogues[draw(3)]!, symbolic: !whole && draw(2) === 0, type: "float32" } as const;
    return { batch, rows, columns, k, a, b, ...factors[draw(4)]!, ...others };
  });
  const launches = cases.map((c, i) => {
    const { kernel, memories, scalars } = productOf(c);
    const source = renderMatrix(kernel, formatOf(kernel)!, tiles[i % tiles.length]!);
    return { source, memories: withFractions(memories(), i), scalars };
  });
  for (const [i, found] of emulated(launches).entries()) {
    const wide = productOf({ dtype: "float32", ...cases[i]!, type: "float64" });
    const expected = evaluated(wide.kernel)(withFractions(wide.memories(), i), launches[i]!.scalars);
    for (const [m, { dtype, data }] of found.entries()) {
      const wrong = differences(dtype, expected[m]!.data, data, tolerances.accumulate.ieee);
      expect(wrong, `${JSON.stringify(cases[i])} ${m} ${dtype}\n${launches[i]!.source.text}`).toEqual([]);
    }
  }
}
