import { type DotKernel, multiplyIndex } from "@tenon/lowering";
import type { KernelSource } from "../wgsl/source.ts";
import { call, ceilDiv, DotParts, each4, TILE } from "./dot-parts.ts";

/** Columns that lie side by side are those of neighbouring threads. */
const ACROSS = 16;
const DOWN = 4;
const NARROW = 8;
/** Steps of k that are written out. */
const UNROLLED = 4;

/**
 * A product without workgroup memory: each thread adds up 4 rows of 4 columns straight from the operands. Where a processor
 * plays the device, what threads share is memory like any other, and waiting for each other is what takes time.
 */
export function renderRegisters(kernel: DotKernel): KernelSource {
  const parts = new DotParts(kernel);
  const { sizes } = kernel;
  const { columns } = sizes;
  const threadsAcross = columns.kind === "constant" && columns.value <= NARROW * TILE ? NARROW : ACROSS;
  const [height, width] = [DOWN * TILE, threadsAcross * TILE];
  const source = parts.open();
  const [down, across] = [ceilDiv(sizes.rows, height), ceilDiv(columns, width)];
  for (const side of parts.sides) parts.elementFunction(side, false);
  const columnAt = (j: string | number): string => `first_column + x + (${j}) * ${threadsAcross}`;
  const at = (name: "a" | "b", line: string, k: string): string =>
    call(`${name}_at`, ["batch", line, k, ...parts.scalars]);
  const step = (k: string): readonly string[] => [
    "  {",
    `    let q = vec4(${each4((j) => at("b", `c${j}`, k)).join(", ")});`,
    ...each4((i) => `    sum${i} = ${parts.multiplyAdd(`vec4(${at("a", `r${i}`, k)})`, "q", `sum${i}`)};`),
    "  }",
  ];
  const body = [
    `let across = ${source.index(across)};`,
    `let down = ${source.index(down)};`,
    `let depth = ${source.index(sizes.k)};`,
    `let first_column = i32(group) % across * ${width};`,
    `let first_row = i32(group) / across % down * ${height};`,
    "let batch = i32(group) / across / down;",
    `let x = i32(thread) % ${threadsAcross};`,
    `let y = i32(thread) / ${threadsAcross};`,
    // lines beyond the last one repeat it, so that the loops below need not ask
    ...each4((i) => `let r${i} = min(first_row + y * ${TILE} + ${i}, ${source.index(sizes.rows)} - 1);`),
    ...each4((j) => `let c${j} = min(${columnAt(j)}, ${source.index(columns)} - 1);`),
    ...each4((i) => `var sum${i} = vec4<${parts.element}>();`),
    "var k: i32 = 0;",
    ...(sizes.k.high < UNROLLED
      ? []
      : [`for (; k + ${UNROLLED - 1} < depth; k += ${UNROLLED}) {`, ...each4((u) => step(`k + ${u}`)).flat(), "}"]),
    ...(sizes.k.multiple % UNROLLED === 0 ? [] : ["for (; k < depth; k++) {", ...step("k"), "}"]),
    ...parts.finish(columnAt),
  ];
  return parts.source(threadsAcross * DOWN, multiplyIndex(sizes.batch, down, across), body.join("\n"));
}
