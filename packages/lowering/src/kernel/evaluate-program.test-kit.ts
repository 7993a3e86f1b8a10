import { bindDims, concreteType } from "@tenon/backend";
import { decodeElements, type Elements, roundToDType } from "@tenon/ir";
import { evaluateIndex } from "../index-fold.ts";
import type { Index } from "../index-node.ts";
import { evaluateKernel, type KernelInstance } from "./evaluate.test-kit.ts";
import { Memory } from "./evaluate-memory.test-kit.ts";
import type { Kernel } from "./kernel.ts";
import type { BufferSpec, Copy, Item, Launch, StepProgram } from "./program.ts";
import { launchText } from "./program-text.ts";

/** Sees what a kernel is about to get. */
export type BeforeInstance = (kernel: Kernel, instance: KernelInstance) => void;

/** The results of a program, whose every launch is checked on the way. Symbols are bound by the shapes of the arguments. */
export function evaluateProgram(
  program: StepProgram,
  args: readonly Elements[],
  before?: BeforeInstance,
): readonly Elements[] {
  const { signature, buffers, items } = program;
  const bindings = bindDims(
    signature,
    args.map((x) => x.shape),
  );
  const values = new Map(bindings);
  const valueOf = (x: Index): number => evaluateIndex(x, values);
  const memories = buffers.map((spec, i) => memoryOf(spec, i, valueOf(spec.elements), args));
  runItems(program, items, memories, values, before);
  buffers.forEach(({ dtype, place }, i) => {
    if (place.kind !== "input") return;
    const given = args[place.index]!.data.map((x) => roundToDType(dtype, x));
    if (given.some((x, j) => !Object.is(x, memories[i]!.data[j]))) throw new Error(`input ${place.index} was changed`);
  });
  return signature.results.map(({ type }, r) => {
    const at = buffers.findIndex(({ place }) => place.kind === "result" && place.index === r);
    const concrete = concreteType(type, bindings);
    if (memories[at]?.dtype !== concrete.dtype) throw new Error(`result ${r} is ${memories[at]?.dtype}`);
    return { ...concrete, data: memories[at]!.data };
  });
}

function memoryOf({ dtype, place }: BufferSpec, number: number, elements: number, args: readonly Elements[]): Memory {
  if (place.kind === "temporary" || place.kind === "result") return Memory.poisoned(dtype, elements);
  const data =
    place.kind === "constant"
      ? decodeElements(place.data.byteLength === 0 ? "uint8" : dtype, place.data)
      : args[place.index]!.data.map((x) => roundToDType(dtype, x));
  if (data.length !== elements) throw new Error(`buffer ${number} has ${data.length} elements, not ${elements}`);
  return new Memory(dtype, data);
}

function runItems(
  program: StepProgram,
  items: readonly Item[],
  memories: readonly Memory[],
  values: Map<string, number>,
  before: BeforeInstance | undefined,
): void {
  const run = (list: readonly Item[]): void => runItems(program, list, memories, values, before);
  for (const item of items)
    switch (item.kind) {
      case "launch":
        launch(program, item, memories, values, before);
        break;
      case "copy":
        copy(item, memories, values);
        break;
      case "loop": {
        const length = evaluateIndex(item.length, values);
        for (let i = 0; i < length; i++) {
          values.set(item.variable.name, i);
          run(item.body);
        }
        values.delete(item.variable.name);
        break;
      }
      case "branch": {
        const index = memories[item.index.buffer]!.data[evaluateIndex(item.index.start, values)]!;
        run(item.branches[Math.min(item.branches.length - 1, Math.max(0, index))]!);
        break;
      }
      case "while": {
        const { condition, flag, body, most = Infinity } = item;
        run(condition);
        for (let trip = 0; trip < most && memories[flag]!.data[0] !== 0; trip++) {
          run(body);
          run(condition);
        }
      }
    }
}

function launch(
  { kernels }: StepProgram,
  item: Launch,
  memories: readonly Memory[],
  values: ReadonlyMap<string, number>,
  before: BeforeInstance | undefined,
): void {
  const kernel = kernels[item.kernel]!;
  const instances = item.instances.map(({ buffers, scalars }) => ({
    memories: buffers.map((b) => memories[b]!),
    scalars: scalars.map((x) => evaluateIndex(x, values)),
  }));
  try {
    if (before !== undefined) for (const instance of instances) before(kernel, instance);
    evaluateKernel(kernel, instances);
  } catch (error) {
    throw new Error(`${launchText(item, kernel)}: ${(error as Error).message}`);
  }
}

function copy({ from, to, elements }: Copy, memories: readonly Memory[], values: ReadonlyMap<string, number>): void {
  const [source, target] = [memories[from.buffer]!, memories[to.buffer]!];
  const [start, end, count] = [from.start, to.start, elements].map((x) => evaluateIndex(x, values)) as [
    number,
    number,
    number,
  ];
  if (source.dtype !== target.dtype) throw new Error(`${source.dtype} is copied to ${target.dtype}`);
  if (start < 0 || end < 0 || start + count > source.data.length || end + count > target.data.length)
    throw new Error(
      `${count} elements are copied from ${start} of ${source.data.length} to ${end} of ${target.data.length}`,
    );
  target.data.set(source.data.subarray(start, start + count), end);
}
