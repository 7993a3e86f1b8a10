import type { Node, Tensor } from "@tenon/ir";
import { entry } from "../entry.ts";
import { addIndex, type IndexLike } from "../index-expression.ts";
import type { Index, Predicate } from "../index-node.ts";
import { always, and, never } from "../index-predicate.ts";
import type { Slot, Value } from "../kernel/kernel.ts";
import { valueTypeOf } from "../kernel/value-type.ts";
import type { KernelWriter } from "../kernel/writer.ts";
import { rare } from "../parts.ts";
import { type Read, viewOf } from "../view.ts";
import { addressOf } from "../view-address.ts";
import { isMove, originsOf } from "../view-moves.ts";
import { elementRules } from "./elements.ts";
import { isReduction } from "./reduction.ts";
import { scalarValue } from "./scalar.ts";

/** An index at which elements are wanted, where a mask holds; elsewhere any value will do. */
export interface Place {
  readonly index: readonly Index[];
  readonly mask: Predicate;
  /** What is known of the elements there. */
  readonly values: Map<Tensor, Value>;
}

/** The element of a tensor at a place. */
export type Demand = readonly [tensor: Tensor, place: Place];

/** Computes an element: gives what it needs of others, receives each as a value, and returns its own. */
export type Steps = Generator<Demand, Value, Value>;

/** What lies in memory for a kernel to read, and where it begins. */
export interface Memory {
  /** Whether the tensor is read rather than computed. Results of movement ops are read through all the same, where they can be. */
  holds(tensor: Tensor): boolean;
  /** The slots of the kernel by their tensors; the access is that of the first use. */
  readonly slots: Map<Tensor, Slot>;
  readonly newSlot: KernelWriter["slot"];
  /** Where the tensor begins in its buffer, in elements. */
  offsetOf(tensor: Tensor): IndexLike;
}

/**
 * Computes elements of tensors on demand: what lies in memory is loaded, movement ops change the index, and everything else is
 * computed from its operands, once for each place. A chain of any length takes no stack.
 */
export class Emitter {
  readonly writer: KernelWriter;
  readonly #memory: Memory;
  readonly #places = new Map<string, Place>();

  constructor(writer: KernelWriter, memory: Memory) {
    this.writer = writer;
    this.#memory = memory;
  }

  holds(tensor: Tensor): boolean {
    return this.#memory.holds(tensor);
  }

  place(index: readonly Index[], mask: Predicate = always): Place {
    let key = String(mask.id);
    for (const x of index) key += ` ${x.id}`;
    return entry(this.#places, key, () => ({ index, mask, values: new Map() }));
  }

  /** The value of the tensor's element at a place. */
  value(tensor: Tensor, place: Place): Value {
    const open: { readonly demand: Demand; readonly steps: Steps }[] = [];
    let demand: Demand = [tensor, place];
    for (;;) {
      let value = this.#known(demand);
      if (value === undefined) open.push({ demand, steps: this.#steps(...demand) });
      for (;;) {
        const top = open[open.length - 1];
        if (top === undefined) return value!;
        const next = top.steps.next(value!);
        if (next.done !== true) {
          demand = next.value;
          break;
        }
        open.pop();
        value = next.value;
        top.demand[1].values.set(top.demand[0], value);
      }
    }
  }

  address(tensor: Tensor, index: readonly Index[]): Index {
    return addIndex(addressOf(tensor.shape, index), this.#memory.offsetOf(tensor));
  }

  slot(tensor: Tensor, access: Slot["access"]): Slot {
    const { slots, newSlot } = this.#memory;
    return entry(slots, tensor, () => newSlot(tensor.dtype, access));
  }

  load(tensor: Tensor, { index, mask }: Place): Value {
    return this.writer.load(this.slot(tensor, "read"), this.address(tensor, index), mask);
  }

  /** Stores the tensor's element at an index, computed as that of `from`. */
  store(tensor: Tensor, index: readonly Index[], from = tensor): void {
    const value = this.value(from, this.place(index));
    this.writer.store(this.slot(tensor, "write"), this.address(tensor, index), value);
  }

  #known([tensor, place]: Demand): Value | undefined {
    const known = place.values.get(tensor);
    if (known !== undefined || isMove(tensor.node) || !this.holds(tensor)) return known;
    const loaded = this.load(tensor, place);
    place.values.set(tensor, loaded);
    return loaded;
  }

  #steps(tensor: Tensor, place: Place): Steps {
    const { node } = tensor;
    if (node.op.kind === "scalar") return this.#scalar(node, place);
    if (isMove(node)) return this.#moved(tensor, place);
    const rule = elementRules[node.op.name];
    if (rule !== undefined) return rule(this, tensor, place);
    return this.#finished(tensor, place);
  }

  *#scalar(node: Node, place: Place): Steps {
    const operands: Value[] = [];
    for (const x of node.inputs) operands.push(yield [x, place]);
    return scalarValue(this.writer, node, operands);
  }

  /** Through movement ops; each read but the last is taken where its mask holds. */
  *#moved(tensor: Tensor, place: Place): Steps {
    const { reads } = viewOf(tensor, place.index);
    if (reads[0]?.source !== tensor) return yield* this.#chosen(tensor, reads, place);
    // it has more operands than a view may have
    if (this.holds(tensor)) return this.load(tensor, place);
    const origins = originsOf(tensor.node, place.index);
    return yield* this.#chosen(
      tensor,
      origins.map(({ operand, index, mask }) => ({ source: operand, index, mask })),
      place,
    );
  }

  *#chosen({ dtype }: Tensor, reads: readonly Read[], place: Place): Steps {
    const choices: (readonly [Predicate, Value])[] = [];
    for (const { source, index, mask } of reads) {
      const both = and(place.mask, mask);
      if (both === never) continue;
      choices.push([mask, yield [source, this.place(index, both)]]);
      if (both === place.mask) break;
    }
    const { writer } = this;
    const last = choices.pop();
    if (last === undefined) return writer.constant(valueTypeOf(dtype), 0); // there is no element
    return choices.reduceRight(
      (other, [mask, value]) => writer.alu("select", [writer.test(mask), value, other]),
      last[1],
    );
  }

  /** What loops have gathered, at the very index at which they were run. */
  // biome-ignore lint/correctness/useYield: it needs nothing more
  *#finished(tensor: Tensor, place: Place): Steps {
    const value = this.place(place.index).values.get(tensor);
    if (value !== undefined) return value;
    const { elsewhere, noElements } = rare.now.failures;
    throw isReduction(tensor.node) ? elsewhere(tensor) : noElements(tensor);
  }
}
