import type { AttrSchema, Attrs, FunctionRef } from "./attrs.ts";
import type { Dim, DimExpr } from "./dim.ts";
import type { DType } from "./dtype.ts";
import type { Fn } from "./function.ts";
import type { FunctionName, OpRow } from "./module.ts";
import type { TensorType } from "./shape.ts";
import type { Node, Tensor } from "./tensor.ts";

/** How exactly a backend must compute an op; `@tenon/conformance` holds the tolerance of each class. */
export type NumericClass = "exact" | "rounded" | "division" | "transcendental" | "accumulate";

/** Which dtypes an op takes: floats, floats and integers, integers with bool, anything. */
export type DTypeClass = "float" | "number" | "integer" | "logical" | "any";

/** What a function or method accepts where a tensor is wanted. JavaScript numbers take the other operand's dtype. */
export type Operand = Tensor | number | boolean | DimExpr;

/** Elements of a concrete tensor while the reference meaning of an op is computed: floats in float64, integers exact. */
export interface Elements {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** Runs a region on elements; handed to the meaning of ops that have one. */
export type CallRegion = (fn: FunctionRef, args: readonly Elements[]) => readonly Elements[];

/** A region in two halves, for reverse mode. Both are closed. */
export interface SplitRegion {
  /** The region's inputs → its results, then the residuals. */
  readonly forward: Fn;
  /** The inputs listed in `kept`, the residuals, a cotangent per result in `cotangents` → a cotangent per input in `wanted`. */
  readonly backward: Fn;
  /** Which inputs the backward half reads as they are. */
  readonly kept: readonly number[];
  readonly residuals: readonly TensorType[];
  /** Which results' cotangents the backward half takes. */
  readonly cotangents: readonly number[];
  /** Which inputs it gives a cotangent of. */
  readonly wanted: readonly number[];
}

/** A region over many examples, and which of its results have their axis. */
export interface BatchedRegion {
  readonly fn: Fn;
  readonly batched: readonly boolean[];
}

/**
 * Which results of a region depend differentiably on its inputs. Like the transforms below it is handed in by
 * `@tenon/autograd`, since ir cannot import it; a rule gets those of its own mode.
 */
export interface RegionActivity {
  /** For each result, whether it depends differentiably on any of the inputs marked in `active`. */
  active(fn: Fn, active: readonly boolean[]): readonly boolean[];
}

/** The cotangents of `wrt` from those of `outputs`, which come back in the form that was differentiated. */
export type Pullback = (
  outputs: readonly Tensor[],
  wrt: readonly Tensor[],
  cotangents: readonly (Tensor | null)[],
) => { readonly outputs: readonly Tensor[]; readonly gradients: readonly (Tensor | null)[] };

/** The transforms of a region for `vjp` and `augment`. */
export interface ReverseTransforms extends RegionActivity {
  /** For each operand of the op at hand, whether its cotangent is wanted. */
  readonly wanted: readonly boolean[];
  /**
   * The halves of a region whose inputs marked in `wanted` get a cotangent. What depends on inputs marked in `fixed` alone
   * is computed again by the backward half, and is no residual.
   */
  vjp(fn: Fn, wanted: readonly boolean[], fixed?: readonly boolean[]): SplitRegion;
}

/** The transforms of a region for `jvp`. */
export interface ForwardTransforms extends RegionActivity {
  /** Inputs, then a tangent per input marked in `active` → results, then a tangent per active result (see `active`; all those marked in `results`). */
  jvp(fn: Fn, active: readonly boolean[], results?: readonly boolean[]): Fn;
}

/** The transforms of a region for `batch`. */
export interface BatchTransforms {
  /**
   * The inputs marked in `batched` gain a leading axis of `size`, and so do the results that depend on them; those marked
   * in `results` have it anyhow.
   */
  batch(fn: Fn, size: Dim, batched: readonly boolean[], results?: readonly boolean[]): BatchedRegion;
}

/** The module that a row is for. */
export interface RowBuilder {
  /** Takes in a function, and gives what it is called there. */
  add(fn: Fn, wanted: string): FunctionName;
  /** Takes down the symbols of an attribute. */
  note(dims: readonly unknown[]): void;
  /** What rows have brought along, by op and types. */
  readonly carried: Map<string, readonly Carried[]>;
}

export interface Carried extends Pick<OpRow, "decomp" | "vjp"> {
  readonly of: Attrs;
}

/** Everything the library knows about an op. Passes over graphs read this record; none of them name an op. */
export interface OpRecord {
  readonly name: string;
  readonly version: number;
  readonly kind: "leaf" | "scalar" | "structural" | "composite";
  readonly numeric: NumericClass;
  /** Operand names; one that begins with `...` stands for any number. */
  readonly inputs: readonly string[];
  /** Result names, where they are fixed. */
  readonly results: readonly string[];
  readonly attrs: AttrSchema;
  /** Result types. Throws through `fail` when the operands do not fit. */
  type(args: readonly TensorType[], attrs: Attrs): readonly TensorType[];
  /** Scalars: the meaning on numbers. The attributes come last. */
  readonly evaluate?: (...args: any[]) => number;
  /** Scalars: the meaning on integers where it differs; the caller wraps the result to the dtype. */
  readonly integers?: (...args: any[]) => number;
  /** The result is rounded to its dtype even inside a run of the reference: `convert`, `bitcast`. */
  readonly rounds?: boolean;
  /**
   * The meaning on whole arrays: of scalars that are no function of numbers alone, and of structural ops outside of ir; those
   * of ir are at `@tenon/ir/meanings`.
   */
  readonly run?: (
    args: readonly Elements[],
    attrs: Attrs,
    results: readonly ConcreteType[],
    call: CallRegion,
  ) => readonly Float64Array[];
  /** Composites: the same by other ops. */
  readonly decompose?: (args: readonly Tensor[], attrs: Attrs) => readonly Tensor[];
  /** Scalars: ∂y/∂x per operand, null where it is nothing; serves vjp and jvp alike. */
  readonly derivatives?: (args: readonly Tensor[], y: Tensor, attrs: Attrs) => readonly (Operand | null)[];
  /** Cotangents of the operands; `results` ends with the residuals when the op was augmented. */
  readonly vjp?: (
    args: readonly Tensor[],
    results: readonly Tensor[],
    cotangents: readonly Tensor[],
    attrs: Attrs,
    ad: ReverseTransforms,
  ) => readonly (Tensor | null)[];
  /**
   * Tangents of the results, of ops outside of ir; those of its own are at `@tenon/ir/tangents`. Null stands for zero. A rule
   * that computes the results anew lists them behind the tangents, and they take the place of the primal's.
   */
  readonly jvp?: (
    args: readonly Tensor[],
    tangents: readonly (Tensor | null)[],
    results: readonly Tensor[],
    attrs: Attrs,
    ad: ForwardTransforms,
  ) => readonly (Tensor | null)[];
  /** Operands in which the op is jointly linear, the others held fixed; `true` is all of them. */
  readonly linear?: true | readonly string[] | ((attrs: Attrs) => boolean);
  /**
   * Results with a leading batch axis, from operands of which some have one: of scalars, and of ops outside of ir; those of its
   * other ops are at `@tenon/ir/batching`.
   */
  readonly batch?: (
    args: readonly Tensor[],
    batched: readonly boolean[],
    attrs: Attrs,
    size: Dim,
    ad: BatchTransforms,
  ) => readonly Tensor[];
  /**
   * The op in a form that also yields what its `vjp` needs; it takes the primal's place when the op is differentiated. Where
   * the record has no `vjp`, that form is differentiated instead.
   */
  readonly augment?: (
    args: readonly Tensor[],
    attrs: Attrs,
    ad: ReverseTransforms,
  ) => { readonly results: readonly Tensor[]; readonly residuals: readonly Tensor[] };
  /** The transforms of its regions that `vjp` and `augment` are handed: `reverseTransforms` of `@tenon/ir/regions`. */
  readonly transforms?: (backward: Pullback) => Pick<ReverseTransforms, "active" | "vjp">;
  /** A feature that a backend must declare to run the op with these attributes, such as `unbounded-while`. */
  readonly needs?: (attrs: Attrs) => string | undefined;
  /**
   * How a node stands in a module, where its record alone does not say it: an op that is none of Tenon's brings its
   * decomposition along.
   */
  readonly row?: (node: Node, builder: RowBuilder) => Omit<OpRow, "operands" | "types">;
  /** The cotangent is not defined at all: differentiating through the op is an error with this reason. */
  readonly notDifferentiable?: string;
}

export interface ConcreteType {
  readonly dtype: DType;
  readonly shape: readonly number[];
}
