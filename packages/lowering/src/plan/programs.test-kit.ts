import fc from "fast-check";
import { constantIndex, indexAxis, multiplyIndex } from "../index-expression.ts";
import type { Index, IndexVariable } from "../index-node.ts";
import type { LoopKernel, Slot } from "../kernel/kernel.ts";
import type { BufferSpec, Item, Launch, StepProgram, Stretch } from "../kernel/program.ts";

/** Writes programs whose kernels have slots and no body: to a memory plan they are the same. */
export class ProgramWriter {
  readonly buffers: BufferSpec[] = [];
  readonly kernels: LoopKernel[] = [];
  readonly #aliases: (number | undefined)[] = [];
  #inputs = 0;
  #results = 0;
  #loops = 0;

  input(elements: Index, alias?: number): number {
    this.#aliases.push(alias);
    return this.#buffer({ kind: "input", index: this.#inputs++ }, elements);
  }

  result(elements: Index): number {
    return this.#buffer({ kind: "result", index: this.#results++ }, elements);
  }

  temporary(elements: Index): number {
    return this.#buffer({ kind: "temporary" }, elements);
  }

  /** A launch of a kernel of its own, with one instance for each list of buffers. */
  launch(...instances: readonly (readonly [reads: readonly number[], writes: readonly number[]])[]): Launch {
    const slot = (access: Slot["access"]) => (_: number, i: number) =>
      ({ name: `${access}${i}`, dtype: "float32", access }) as const;
    const [reads, writes] = instances[0]!;
    const slots = [...reads.map(slot("read")), ...writes.map(slot("write"))];
    const kernel = this.kernels.push({ kind: "loops", name: "k", slots, scalars: [], body: [] }) - 1;
    return {
      kind: "launch",
      kernel,
      instances: instances.map(([ins, outs]) => ({ buffers: [...ins, ...outs], scalars: [] })),
      origin: { ops: [], scopes: [], source: undefined },
    };
  }

  /** A copy of a whole buffer. */
  copy(from: number, to: number): Item {
    const stretch = (buffer: number): Stretch => ({ buffer, start: constantIndex(0) });
    return { kind: "copy", from: stretch(from), to: stretch(to), elements: this.buffers[to]!.elements };
  }

  loop(body: readonly Item[]): Item {
    const length = constantIndex(3);
    return { kind: "loop", variable: indexAxis(`t${this.#loops++}`, length) as IndexVariable, length, body };
  }

  program(items: readonly Item[]): StepProgram {
    return {
      signature: {
        entry: "main",
        inputs: this.#aliases.map((alias, i) => ({
          name: `input ${i}`,
          type: { dtype: "float32", shape: [] },
          ...(alias !== undefined && { alias }),
        })),
        results: Array.from({ length: this.#results }, (_, i) => ({
          name: `result ${i}`,
          type: { dtype: "float32", shape: [] },
        })),
        symbols: [],
      },
      kernels: this.kernels,
      buffers: this.buffers,
      items,
    };
  }

  #buffer(place: BufferSpec["place"], elements: Index): number {
    return this.buffers.push({ dtype: "float32", shape: [], elements, place }) - 1;
  }
}

/** Programs of launches, copies and loops that read only what was written before. */
export const randomPrograms = (): fc.Arbitrary<StepProgram> =>
  fc.infiniteStream(fc.nat({ max: 1 << 20 })).map((stream) => {
    const draw = (below: number): number => stream.next().value % below;
    const w = new ProgramWriter();
    const size = (): Index => constantIndex([16, 16, 16, 40, 100][draw(5)]!);
    const results = 1 + draw(3);
    const sizes = Array.from({ length: results }, size);
    const free = sizes.map((_, i) => i);
    const inputs = Array.from({ length: 1 + draw(4) }, () => {
      if (free.length === 0 || draw(2) === 0) return w.input(size());
      const alias = free.splice(draw(free.length), 1)[0]!;
      return w.input(sizes[alias]!, alias);
    });

    const body = (known: readonly number[], depth: number): { items: Item[]; known: number[] } => {
      const items: Item[] = [];
      const now = [...known];
      const old = (): number => now[Math.max(0, now.length - 1 - draw(1 + draw(now.length)))]!;
      for (let n = 1 + draw(6); n > 0; n--) {
        const kind = draw(8);
        if (kind === 0 && depth < 2) {
          const carry = w.temporary(w.buffers[old()]!.elements);
          const from = now.filter((b) => w.buffers[b]!.elements === w.buffers[carry]!.elements);
          items.push(w.copy(from[draw(from.length)]!, carry));
          const inner = body([...now, carry], depth + 1);
          const next = w.temporary(w.buffers[carry]!.elements);
          const stacked = w.temporary(size());
          inner.items.push(
            w.launch([
              [carry, inner.known.at(-1)!],
              [next, stacked],
            ]),
          );
          inner.items.push(w.copy(next, carry));
          items.push(w.loop(inner.items));
          now.push(carry, stacked);
        } else if (kind === 1) {
          const copy = w.temporary(w.buffers[old()]!.elements);
          const from = now.filter((b) => w.buffers[b]!.elements === w.buffers[copy]!.elements);
          items.push(w.copy(from[draw(from.length)]!, copy));
          now.push(copy);
        } else {
          const reads = Array.from({ length: 1 + draw(3) }, old);
          const instances = Array.from({ length: 1 + draw(2) }, (_, i) => {
            const writes = [w.temporary(draw(2) === 0 ? w.buffers[reads[0]!]!.elements : size())];
            return [i === 0 ? reads : reads.map(old), writes] as const;
          });
          items.push(w.launch(...instances));
          now.push(...instances.flatMap(([, writes]) => writes));
        }
      }
      return { items, known: now };
    };

    const { items, known } = body(inputs, 0);
    for (const elements of sizes) {
      const result = w.result(elements);
      const same = known.filter((b) => w.buffers[b]!.elements === elements);
      if (same.length > 0 && draw(3) === 0) items.push(w.copy(same[draw(same.length)]!, result));
      else
        items.push(w.launch([[known[draw(known.length)]!, known.at(-1 - draw(Math.min(3, known.length)))!], [result]]));
    }
    return w.program(items);
  });

/** A training step of a network of dense layers, as it is launched: activations, gradients, and one update of everything. */
export function denseStep(batch: Index, widths: readonly number[]): StepProgram {
  const w = new ProgramWriter();
  const items: Item[] = [];
  const wide = (n: number): Index => multiplyIndex(batch, n);
  const weights = widths.slice(1).map((n, i) => w.input(constantIndex(n * widths[i]!), i));
  const updated = widths.slice(1).map((n, i) => w.result(constantIndex(n * widths[i]!)));
  const activations = [w.input(wide(widths[0]!))];
  for (const [i, n] of widths.slice(1).entries()) {
    const y = w.temporary(wide(n));
    items.push(w.launch([[activations[i]!, weights[i]!], [y]]));
    activations.push(y);
  }
  let gradient = w.temporary(wide(widths.at(-1)!));
  items.push(w.launch([[activations.at(-1)!], [gradient]]));
  const updates: [number[], number[]][] = [];
  for (let i = weights.length - 1; i >= 0; i--) {
    const change = w.temporary(constantIndex(widths[i]! * widths[i + 1]!));
    items.push(w.launch([[activations[i]!, gradient], [change]]));
    updates.push([[weights[i]!, change], [updated[i]!]]);
    if (i === 0) break;
    const next = w.temporary(wide(widths[i]!));
    items.push(w.launch([[gradient, weights[i]!, activations[i]!], [next]]));
    gradient = next;
  }
  items.push(w.launch(...updates));
  return w.program(items);
}
