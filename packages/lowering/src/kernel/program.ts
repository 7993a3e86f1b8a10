import type { EntrySignature } from "@tenon/backend";
import type { DType, Shape } from "@tenon/ir";
import type { Index, IndexVariable } from "../index-node.ts";
import type { Kernel } from "./kernel.ts";

/** An entry as a target runs it: kernels, the buffers they touch, and the order of launches. */
export interface StepProgram {
  readonly signature: EntrySignature;
  readonly kernels: readonly Kernel[];
  readonly buffers: readonly BufferSpec[];
  readonly items: readonly Item[];
}

/** What holds a tensor during a run. */
export interface BufferSpec {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly elements: Index;
  /** Input and result of that number, a constant with its bytes, or memory that lasts from the first use to the last. */
  readonly place:
    | { readonly kind: "input"; readonly index: number }
    | { readonly kind: "result"; readonly index: number }
    | { readonly kind: "constant"; readonly data: Uint8Array }
    | { readonly kind: "temporary" };
}

/** One thing to do. Buffers go by number. */
export type Item = Launch | Copy | Loop | Branch | While;

/** Runs a kernel for each instance. Instances are independent of each other: one kernel may update every parameter of a model. */
export interface Launch {
  readonly kind: "launch";
  readonly kernel: number;
  readonly instances: readonly Instance[];
  readonly origin: Origin;
}

export interface Instance {
  /** One buffer for each slot of the kernel. */
  readonly buffers: readonly number[];
  /** What each scalar of the kernel is, in symbols of the entry and variables of the loops around. */
  readonly scalars: readonly Index[];
}

/** Where a launch comes from in the user's program. */
export interface Origin {
  readonly ops: readonly string[];
  /** Layer paths, outermost first. */
  readonly scopes: readonly string[];
  readonly source: string | undefined;
}

/** Copies elements from one buffer to another of the same dtype. */
export interface Copy {
  readonly kind: "copy";
  readonly from: Stretch;
  readonly to: Stretch;
  readonly elements: Index;
}

/** A buffer from an element on; the start is in symbols and variables of the loops around. */
export interface Stretch {
  readonly buffer: number;
  readonly start: Index;
}

/** Runs the body for `variable` = 0 … length − 1. */
export interface Loop {
  readonly kind: "loop";
  readonly variable: IndexVariable;
  readonly length: Index;
  readonly body: readonly Item[];
}

/** Runs the branch that the int32 at `index` says, clamped. */
export interface Branch {
  readonly kind: "branch";
  readonly index: Stretch;
  readonly branches: readonly (readonly Item[])[];
}

/** Runs `condition`, and while the bool in `flag` is true, `body` and `condition` again; at most `most` times. */
export interface While {
  readonly kind: "while";
  readonly condition: readonly Item[];
  readonly flag: number;
  readonly body: readonly Item[];
  readonly most: number | undefined;
}
