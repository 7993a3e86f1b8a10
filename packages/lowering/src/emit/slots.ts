import type { Tensor } from "@tenon/ir";
import type { Slot } from "../kernel/kernel.ts";
import type { KernelWriter } from "../kernel/writer.ts";

/** The slots of a kernel, and the tensor behind each. */
export class SlotTable {
  readonly tensors: Tensor[] = [];
  readonly #writer: KernelWriter;
  readonly #slots = new Map<Tensor, Slot>();

  constructor(writer: KernelWriter) {
    this.#writer = writer;
  }

  /** The slot of a tensor, made on first use; the access is that of the first use. */
  of(tensor: Tensor, access: Slot["access"]): Slot {
    let slot = this.#slots.get(tensor);
    if (slot === undefined) {
      slot = this.#writer.slot(tensor.dtype, access);
      this.#slots.set(tensor, slot);
      this.tensors.push(tensor);
    }
    return slot;
  }

  get slots(): readonly Slot[] {
    return this.#writer.slots;
  }
}
