import { decodeElements, encodeElements } from "@tenon/ir";
import { evaluateIndex, type Index, type Kernel, loadParts } from "@tenon/lowering";
import { Memory, poison } from "../../../lowering/src/kernel/evaluate-memory.test-kit.ts";
import { engine, run } from "../assembler/engine.test-kit.ts";
import { ModuleBuilder } from "../assembler/module.ts";
import type { Func } from "../assembler/values.ts";
import { rare } from "../parts.ts";
import { mathImports } from "../render/index.ts";

await Promise.all([rare.load(), loadParts()]);

const GUARD = 64;
const POISON = 0xa5; // as float32 a small negative number, as float64 too

/** A template's function, and the memory and parts that it wants. */
export interface Template {
  readonly func: Func;
  readonly scratchBytes: Index;
  readonly parts: Index | undefined;
  /** Whether it is told where scratch memory is; so it is by default. */
  readonly scratch?: boolean;
}

/**
 * What a template makes of buffers, as numbers by slot. Scratch memory is dirty, runs of its parts come in an order that `cuts` decides, and
 * bytes between buffers must stay as they are.
 */
export function runTemplate<K extends Kernel>(
  kernel: K,
  write: (m: ModuleBuilder, kernel: K) => Template,
  memories: readonly Memory[],
  scalars: readonly number[],
  cuts: readonly number[] = [],
): readonly (readonly number[])[] {
  const m = new ModuleBuilder();
  m.importMemory("host", "memory", { initial: 1 });
  const { func, scratchBytes, parts, scratch: told = true } = write(m, kernel);
  m.export("kernel", func);
  const values = new Map(kernel.scalars.map(({ name }, i) => [name, scalars[i]!]));
  const scratch = evaluateIndex(scratchBytes, values);
  let end = GUARD;
  const take = (bytes: number): number => {
    const at = Math.ceil(end / GUARD) * GUARD;
    end = at + bytes + GUARD;
    return at;
  };
  const encoded = memories.map(({ dtype, data }) => encodeElements(dtype, data));
  const addresses = encoded.map((bytes) => take(bytes.length));
  const scratchAt = take(scratch);
  const memory = new engine.Memory({ initial: Math.ceil(end / 65_536) });
  const bytes = new Uint8Array(memory.buffer).fill(POISON);
  encoded.forEach((data, i) => void bytes.set(data, addresses[i]!));

  const { kernel: call } = run(m.toBytes(), { host: { memory }, math: mathImports });
  const bounds = parts === undefined ? [] : [0, ...cuts, evaluateIndex(parts, values)];
  const ranges = parts === undefined ? [[]] : bounds.slice(1).map((to, i) => [bounds[i]!, to]);
  for (const range of ranges.reverse()) call!(...addresses, ...scalars, ...(told ? [scratchAt] : []), ...range);

  const used = new Set<number>();
  [...encoded.map(({ length }, i) => [addresses[i]!, length] as const), [scratchAt, scratch] as const].forEach(
    ([at, length]) => void Array.from({ length }, (_, i) => used.add(at + i)),
  );
  for (let i = 0; i < end; i++)
    if (!used.has(i) && bytes[i] !== POISON)
      throw new Error(`byte ${i} is written, which is nobody's: ${addresses}, ${scratchAt}`);
  return memories.map(({ dtype }, i) => [
    ...decodeElements(dtype, bytes.subarray(addresses[i]!, addresses[i]! + encoded[i]!.length)),
  ]);
}

/** A buffer of small whole numbers, whose sums are exact in every type; or of nothing yet. */
export function buffer(dtype: Memory["dtype"], count: number, seed?: number): Memory {
  if (seed === undefined) return new Memory(dtype, new Float64Array(count).fill(poison(dtype)));
  const unsigned = dtype === "bool" ? 2 : dtype.startsWith("uint");
  return new Memory(
    dtype,
    Float64Array.from({ length: count }, (_, i) => {
      const n = (Math.imul(i + 1, 0x9e3779b1) ^ Math.imul(seed + 7, 0x85ebca6b)) >>> 9;
      return unsigned === 2 ? n % 2 : unsigned ? n % 9 : (n % 9) - 4;
    }),
  );
}
