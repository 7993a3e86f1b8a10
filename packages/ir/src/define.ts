import { carryingRow as row } from "./carried.ts";
import * as own from "./op.ts";
import { reverseTransforms as transforms } from "./regions.ts";

/*
 * The definition of ops by others. Tenon's own ops are known to every reader of a module; these bring along what a reader
 * needs.
 */

/** The record of a definition, registered. */
export const opRecord: typeof own.opRecord = (definition) => own.opRecord({ row, transforms, ...definition });

/** An op from its definition: a function that checks options, takes numbers for tensors, and records a node. */
export const defineOp: typeof own.defineOp = (definition) => own.defineOp({ row, transforms, ...definition });

/** An op applied to each element; its function broadcasts and promotes, its record demands equal types. */
export const defineScalar: typeof own.defineScalar = (definition) => own.defineScalar({ row, ...definition });
