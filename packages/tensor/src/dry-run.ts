import { input, type Tensor, type TensorType } from "@tenon/ir";
import { currentFrame, inFrame, OverlayFrame } from "./frame.ts";

/**
 * What `body` returns for arguments of these types, sizes that are names included. Nothing is computed and nothing changes:
 * the tensors have types but no values, and what `body` assigns to Variables is dropped.
 */
export function dryRun<R>(types: readonly TensorType[], body: (...args: Tensor[]) => R): R {
  return inFrame(new OverlayFrame(new Map()), () => body(...types.map((type) => input(type))));
}

/** Whether a function is being traced: compiled, differentiated, or run dry. */
export const isTracing = (): boolean => currentFrame() !== undefined;
