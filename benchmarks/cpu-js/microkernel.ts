import { ModuleBuilder } from "@tenon/backend-cpu-js";
import { COLUMNS, gemmBlock, gemmTile, ROWS } from "../../packages/backend-cpu-js/src/assembler/kernels.test-kit.ts";

/** Milliseconds that this thread has computed: a clock that stands still while others have the processor. */
export function clock(): number {
  const { user, system } = (process as unknown as { threadCpuUsage(): NodeJS.CpuUsage }).threadCpuUsage();
  return (user + system) / 1000;
}

/** The part of the engine's `WebAssembly` that is needed here; Node's types leave it out. */
interface Engine {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (
    module: object,
  ) => {
    readonly exports: {
      readonly memory: { readonly buffer: ArrayBuffer };
      readonly block: (...args: readonly number[]) => void;
    };
  };
}

/** Tiles of packed panels: A 120 KB and B 384 KB, what a block of a large product has in cache. */
export function microkernel(relaxed: boolean): { readonly flop: number; readonly run: () => void } {
  const { WebAssembly: engine } = globalThis as unknown as { readonly WebAssembly: Engine };
  const [k, rowTiles, columnTiles] = [256, 20, 48];
  const m = new ModuleBuilder();
  m.export("memory", m.memory({ initial: 32 }));
  m.export("block", gemmBlock(m, gemmTile(m, { relaxed })));
  const { memory, block } = new engine.Instance(new engine.Module(m.toBytes())).exports;
  const floats = new Float32Array(memory.buffer);
  for (let i = 0; i < floats.length; i++) floats[i] = ((i * 37) % 101) / 101;
  const [rows, columns] = [rowTiles * ROWS, columnTiles * COLUMNS];
  const b = 4 * rows * k + 64;
  const run = () => block(0, b, b + 4 * columns * k, k, 4 * columns, rowTiles, columnTiles);
  return { flop: 2 * rows * columns * k, run };
}
