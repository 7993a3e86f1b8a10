import { decodeElements, encodeElements } from "@tenon/ir";
import { evaluateIndex, type LoopKernel, loadParts } from "@tenon/lowering";
import { expect } from "vitest";
import { Memory } from "../../../lowering/src/kernel/evaluate-memory.test-kit.ts";
import { evaluated, type KernelFunction } from "../../../lowering/src/kernel/random-kernel.test-kit.ts";
import { engine, run } from "../assembler/engine.test-kit.ts";
import { features } from "../assembler/features.ts";
import { ModuleBuilder } from "../assembler/module.ts";
import { rare } from "../parts.ts";
import { extentOf, importMath, mathImports, renderLoops, SHARE } from "./index.ts";

export { evaluated, kernelOf, memoryOf, small } from "../../../lowering/src/kernel/random-kernel.test-kit.ts";

await Promise.all([rare.load(), loadParts()]);

/** How a kernel is rendered and run: `lanes` as they are chosen or none, and in how many parts. */
export interface Way {
  readonly lanes: boolean;
  readonly relaxed: boolean;
  readonly parts: number;
}

export const ways: readonly Way[] = [
  { lanes: true, relaxed: false, parts: 1 },
  { lanes: false, relaxed: false, parts: 1 },
  { lanes: true, relaxed: features().relaxed, parts: 3 },
];

export const wayText = ({ lanes, relaxed, parts }: Way): string =>
  `${lanes ? "lanes" : "single values"}, ${relaxed ? "relaxed" : "portable"}, ${parts} parts`;

/** Bytes around buffers that may be read and are never written. */
const GUARD = 64;
const UNTOUCHED = 0xa5;

/** A kernel as a function that leaves its arguments as they are, and gives what is in all buffers after a run. */
export function rendered(kernel: LoopKernel, { lanes, relaxed, parts }: Way): KernelFunction {
  const m = new ModuleBuilder();
  const math = importMath(m);
  m.importMemory("host", "memory", { initial: 1 });
  m.export("kernel", renderLoops(m, kernel, { relaxed, math }, ...(lanes ? [] : [new Map()])));
  const bytes = m.toBytes();
  return (memories, scalars = []) => {
    const data = memories.map((memory) => encodeElements(memory.dtype, memory.data));
    let end = GUARD;
    const addresses = data.map(({ length }) => {
      const at = end;
      end = at + Math.ceil(length / GUARD) * GUARD + GUARD;
      return at;
    });
    // the last guard ends with the memory, so that whatever goes beyond it traps
    const memory = new engine.Memory({ initial: Math.ceil(end / 0x10000) });
    const shift = memory.buffer.byteLength - end;
    const all = new Uint8Array(memory.buffer).fill(UNTOUCHED);
    data.forEach((x, i) => void all.set(x, addresses[i]! + shift));
    const { kernel: call } = run(bytes, { host: { memory }, math: mathImports });
    const args = [...addresses.map((at) => at + shift), ...scalars];
    const extent = extentOf(kernel);
    if (extent === undefined) call!(...args);
    else {
      const values = new Map(kernel.scalars.map(({ name }, i) => [name, scalars[i]!]));
      const size = evaluateIndex(extent, values);
      const step = Math.ceil(size / parts / SHARE) * SHARE;
      for (let begin = 0; begin < size; begin += step) call!(...args, begin, Math.min(begin + step, size));
    }
    const results = memories.map(({ dtype }, i) => {
      const at = addresses[i]! + shift;
      const own = all.slice(at, at + data[i]!.length);
      all.fill(UNTOUCHED, at, at + data[i]!.length);
      return new Memory(dtype, decodeElements(dtype, own));
    });
    const strayed = all.findIndex((byte) => byte !== UNTOUCHED);
    if (strayed >= 0) throw new Error(`the byte at ${strayed - shift} is written, which is nobody's`);
    return results;
  };
}

/** Runs a kernel in every way, and expects what the evaluator gives. */
export function check(kernel: LoopKernel, memories: readonly Memory[], scalars: readonly number[], what = ""): void {
  const expected = evaluated(kernel)(memories, scalars);
  for (const way of ways) {
    const actual = rendered(kernel, way)(memories, scalars);
    for (const [i, { data }] of actual.entries())
      expect([...data], `${what} ${scalars} ${wayText(way)} buffer ${i}`).toEqual([...expected[i]!.data]);
  }
}
