import { constantIndex, type IndexVariable, indexVariable } from "@tenon/lowering";
import { CELL } from "./slab.ts";
import type { KernelSource } from "./wgsl/source.ts";

/*
 * Branches and loops are decided on the device. Each has cells that hold 0 or 1, and what stands inside runs only where its
 * cell holds 1. A cell is as far from the next as bindings have to be apart.
 */

const CELL_WORDS = CELL / 4;

const scalarsOf = (count: number): readonly IndexVariable[] =>
  Array.from({ length: count }, (_, i) => indexVariable(`n${i}`, -1, 2 ** 31 - 1) as IndexVariable);

const guardKernel = (name: string, dtype: "int32" | "bool", scalars: number, body: string): KernelSource => ({
  name,
  threads: 1,
  groups: constantIndex(1),
  scalars: scalarsOf(scalars),
  slots: [
    { dtype, access: "read", vectors: false },
    { dtype: "uint32", access: "both", vectors: false },
  ],
  declarations: "",
  body,
});

/**
 * Opens one branch of several: of the cells from `n2` on that of the element `n0`, clamped to the `n1` that there are. None where
 * the cell `n3` around is shut; there is none around where that is negative.
 */
export const chooseSource = guardKernel(
  "choose a branch",
  "int32",
  4,
  `var open = true;
if (n3 >= 0) { open = load1(n3 * ${CELL_WORDS}) != 0u; }
let chosen = clamp(load0(n0), 0, n1 - 1);
for (var i = 0; i < n1; i++) { store1((n2 + i) * ${CELL_WORDS}, u32(open && i == chosen)); }`,
);

/** Leaves the cell `n0` open where the flag says so and the cell `n1` is open, which may be the same; none is where it is negative. */
export const continueSource = guardKernel(
  "continue a loop",
  "bool",
  2,
  `var open = load0(0);
if (n1 >= 0) { open = open && load1(n1 * ${CELL_WORDS}) != 0u; }
store1(n0 * ${CELL_WORDS}, u32(open));`,
);
