import { dtypes, type Node } from "@tenon/ir";
import { late } from "./late.ts";

/** What writes ops that most programs have not. */
export const rare = late(() => import("./rare.ts"));

const ops = ["scan", "cond", "while", "dynamic_slice", "dynamic_update", "fold", "scatter", "sort"];

/** Whether a node is written by the rare rules: its op says so, or 16 bits of an operand or result. */
export const isRare = ({ op, inputs, results }: Node): boolean =>
  ops.includes(op.name) || [...inputs, ...results].some(({ dtype }) => dtypes[dtype].byteLength === 2);

/** Loads what writes any op, for those who lower without a backend. */
export const loadRules = (): Promise<void> => rare.load();
