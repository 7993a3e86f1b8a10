import { dtypes } from "@tenon/ir";
import type { Copy, Item, Launch, Stretch } from "../kernel/program.ts";
import type { WorkSource, WorkWriter } from "./works.ts";

type Guard = number | undefined;

/** What a run does for an item that is no launch. */
export function writeItem<S extends WorkSource>(
  writer: WorkWriter<S>,
  item: Exclude<Item, Launch>,
  guard: Guard,
): void {
  switch (item.kind) {
    case "copy":
      writeCopy(writer, item, guard);
      break;
    case "loop": {
      const { name } = item.variable;
      const length = writer.value(item.length);
      for (let i = 0; i < length; i++) {
        writer.values.set(name, i);
        writer.items(item.body, guard);
      }
      break;
    }
    case "branch": {
      const { index, branches } = item;
      const first = cellsOf(writer, item, branches.length);
      const scalars = [writer.value(index.start), branches.length, first, guard ?? -1];
      run(writer, writer.kernels().choose, [memoryOf(writer, index), guardsOf(writer)], scalars);
      for (const [i, branch] of branches.entries()) writer.items(branch, first + i);
      break;
    }
    case "while": {
      const { condition, flag, body, most } = item;
      if (most === undefined) throw new Error("a loop without a bound has come through"); // `checkModule` refuses it
      const cell = cellsOf(writer, item, 1);
      const go = (parent: number): void => {
        const memories = [writer.memory.memoryOf[flag]!, guardsOf(writer)];
        run(writer, writer.kernels().proceed, memories, [cell, parent]);
      };
      writer.items(condition, guard);
      go(guard ?? -1);
      for (let trip = 0; trip < most; trip++) {
        writer.items(body, cell);
        if (trip === most - 1) break;
        writer.items(condition, cell);
        go(cell);
      }
    }
  }
}

function writeCopy<S extends WorkSource>(writer: WorkWriter<S>, { from, to, elements }: Copy, guard: Guard): void {
  const count = writer.value(elements);
  const [source, target] = [memoryOf(writer, from), memoryOf(writer, to)];
  const starts = [writer.value(from.start), writer.value(to.start)];
  if (count === 0 || (source === target && starts[0] === starts[1])) return;
  const { dtype, elements: all } = writer.program.buffers[to.buffer]!;
  const whole = starts.every((start) => start === 0) && count === writer.value(all);
  const kernel = writer.kernels().copy(whole ? "uint32" : dtype); // what is behind the last element of a buffer is nobody's
  const length = whole ? Math.ceil((count * dtypes[dtype].byteLength) / 4) : count;
  run(writer, kernel, [source, target], [...starts, length], Math.ceil(length / kernel.threads), guard);
}

function run<S extends WorkSource>(
  writer: WorkWriter<S>,
  source: S,
  memories: readonly number[],
  scalars: readonly number[],
  groups = 1,
  guard: Guard = undefined,
): void {
  writer.add({ source, instances: [{ memories, scalars, groups }], guard });
}

const guardsOf = <S extends WorkSource>({ memory }: WorkWriter<S>): number => memory.memories.length;

const memoryOf = <S extends WorkSource>({ memory }: WorkWriter<S>, { buffer }: Stretch): number =>
  memory.memoryOf[buffer]!;

function cellsOf<S extends WorkSource>(writer: WorkWriter<S>, item: Item, count: number): number {
  const known = writer.cells.get(item);
  if (known !== undefined) return known;
  const first = writer.guards;
  writer.guards += count;
  writer.cells.set(item, first);
  return first;
}
