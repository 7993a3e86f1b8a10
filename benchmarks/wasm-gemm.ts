/**
 * What the WebAssembly assembler makes, and how fast it makes it: GFLOP/s of a 6×8 product of packed panels in float32 on
 * one core (K = 256, best of 40 rounds), with and without the fused multiply-add; and the time to assemble 1 MB.
 */
import { writeFile } from "node:fs/promises";
import { features, ModuleBuilder } from "@tenon/backend-cpu-js";
import { COLUMNS, gemmBlock, gemmTile, ROWS } from "../packages/backend-cpu-js/src/assembler/kernels.test-kit.ts";

const ROUNDS = 40;
const RUNS = 10; // in a round
const [K, ROW_TILES, COLUMN_TILES] = [256, 20, 48]; // A 120 KB, B 384 KB: what a block of a large product has in cache

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
const { WebAssembly: engine } = globalThis as unknown as { readonly WebAssembly: Engine };

/** Best milliseconds of a run of `body`. */
function best(runs: number, body: () => void): number {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now();
    for (let run = 0; run < runs; run++) body();
    least = Math.min(least, (performance.now() - started) / runs);
  }
  return least;
}

function gemm(relaxed: boolean): number {
  const m = new ModuleBuilder();
  m.export("memory", m.memory({ initial: 32 }));
  m.export("block", gemmBlock(m, gemmTile(m, { relaxed })));
  const { memory, block } = new engine.Instance(new engine.Module(m.toBytes())).exports;
  const floats = new Float32Array(memory.buffer);
  for (let i = 0; i < floats.length; i++) floats[i] = ((i * 37) % 101) * 1e-5;

  const [rows, columns] = [ROW_TILES * ROWS, COLUMN_TILES * COLUMNS];
  const b = 4 * rows * K + 64;
  const c = b + 4 * columns * K;
  const milliseconds = best(RUNS, () => block(0, b, c, K, 4 * columns, ROW_TILES, COLUMN_TILES));
  return (2 * rows * columns * K) / milliseconds / 1e6;
}

/** As many tiles as fill a module of a megabyte. */
function assemble(): Uint8Array {
  const m = new ModuleBuilder();
  m.memory({ initial: 1 });
  for (let i = 0; i < 810; i++) gemmTile(m, { relaxed: false });
  return m.toBytes();
}

const bytes = assemble().length;
const results = {
  "6×8, mul and add, GFLOP/s": gemm(false),
  ...(features().relaxed ? { "6×8, relaxed madd, GFLOP/s": gemm(true) } : {}),
  [`${(bytes / 1e6).toFixed(2)} MB assembled, ms`]: best(1, assemble),
};

for (const [what, value] of Object.entries(results)) console.log(`${what.padEnd(52)}${value.toFixed(1)}`);
if (process.argv.includes("--json"))
  await writeFile(
    new URL("wasm-gemm.json", import.meta.url),
    `${JSON.stringify({ node: process.version, results }, null, 2)}\n`,
  );
