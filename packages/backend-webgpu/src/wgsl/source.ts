import type { Index, IndexVariable, Slot } from "@tenon/lowering";

/**
 * A kernel as the part of a WGSL module that does not depend on where its slots lie. The code reads and writes slots by
 * functions only, which `shaderText` adds: `load3(i)` gives element `i: i32` of slot 3 as the slot's value type, `store3(i, v)`
 * writes it, and `vector3(i)` gives elements `4·i` to `4·i + 3` of a float32 slot as a `vec4<f32>`. Scalars are the
 * names `n0`, `n1`, … of type `i32`.
 */
export interface KernelSource {
  readonly name: string;
  /** Threads of a workgroup. */
  readonly threads: number;
  /** Number of workgroups, as an expression in the kernel's scalars. */
  readonly groups: Index;
  readonly scalars: readonly IndexVariable[];
  readonly slots: readonly SlotUse[];
  /**
   * Whether modules know how long memory is wherever that never changes. It saves asking at each access, for another module
   * where lengths are others.
   */
  readonly sized?: boolean;
  /** Declarations of the module: functions that need no scalar, workgroup memory. */
  readonly declarations: string;
  /** Statements of the entry point, in which `group` and `thread` are of type `u32`. Uniform control flow surrounds them. */
  readonly body: string;
}

export interface SlotUse extends Pick<Slot, "dtype" | "access"> {
  /** Whether `vector` is used: the slot must begin at a multiple of 16 bytes. */
  readonly vectors: boolean;
}

/** Where a slot lies in a variant of a kernel. */
export interface SlotPlace {
  readonly binding: number;
  /** Whether it begins at an element that the table says. */
  readonly based: boolean;
  /** Words of the slot, where modules know them. */
  readonly words?: number;
}

export interface ShaderVariant {
  /** By slot. */
  readonly places: readonly SlotPlace[];
  /** Whether one dispatch serves several instances. */
  readonly several: boolean;
  /** Whether the kernel runs only where the word of its guard is not 0. */
  readonly guarded: boolean;
  /** `vec4<u32>`s of the table that the dispatch is given. */
  readonly tableLength: number;
}
