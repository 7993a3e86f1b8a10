import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { decodeElements, encodeElements } from "@tenon/ir";
import { evaluateIndex } from "@tenon/lowering";
import { test } from "vitest";
import { emulatedLibraries } from "../../../scripts/native.mjs";
import { Memory } from "../../lowering/src/kernel/evaluate-memory.test-kit.ts";
import { type KernelSource, programText, rowWords } from "./cuda/source.ts";

const folder = fileURLToPath(new URL("../emulation/", import.meta.url));

const whyNoCompiler = (): string | undefined =>
  spawnSync("g++", ["--version"]).status === 0 ? undefined : "g++ is not installed, so that kernels do not run here";

const missing = whyNoCompiler();
if (missing !== undefined) console.warn(`cuda-native: ${missing}`);

/** Made before any test, none of which should have to wait for it. */
const runner = missing === undefined ? join(emulatedLibraries(), "runner") : "";

/** A test that runs kernels on the processor; skipped, with a line that says so, where no C++ compiler is. */
export const testEmulated = test.skipIf(missing !== undefined);

/** A launch of one instance: a memory for each slot, a number for each scalar. */
export interface EmulatedLaunch {
  readonly source: KernelSource;
  readonly memories: readonly Memory[];
  readonly scalars: readonly number[];
}

/** Numbers and bytes, one after the other. */
class Writer {
  readonly #parts: Uint8Array[] = [];

  word(...values: readonly number[]): void {
    this.#parts.push(new Uint8Array(Uint32Array.from(values, (x) => x >>> 0).buffer));
  }

  bytes(data: Uint8Array): void {
    this.word(data.length);
    this.#parts.push(data);
  }

  done(): Uint8Array {
    return Buffer.concat(this.#parts);
  }
}

/** What is in all buffers after each launch, on the processor. A fault of a kernel is an error. */
export const emulated = (launches: readonly EmulatedLaunch[]): readonly (readonly Memory[])[] =>
  outcomesOf(launches).map(({ fault, memories }, i) => {
    if (fault !== "") throw new Error(`${launches[i]!.source.name}: ${fault}\n${launches[i]!.source.text}`);
    return memories;
  });

export interface Outcome {
  /** What a kernel did wrong first; empty where it did nothing wrong. */
  readonly fault: string;
  readonly memories: readonly Memory[];
}

/** The same with what went wrong. */
export function outcomesOf(launches: readonly EmulatedLaunch[]): readonly Outcome[] {
  const sources = [...new Map(launches.map(({ source }) => [source.symbol, source])).values()];
  const work = mkdtempSync(join(tmpdir(), "tenon-emulation-"));
  try {
    const list = sources.map(({ symbol }) => symbol).join(", ");
    const code = `${programText(sources)}\nextern "C" const emulation::Kernel kernels[] = {${list}};\n`;
    const [source, library, input, output] = ["kernels.cpp", "kernels.so", "in", "out"].map((name) =>
      join(work, name),
    ) as [string, string, string, string];
    writeFileSync(source, code);
    const flags = ["-std=c++20", "-O0", "-ffp-contract=off", "-w", "-fPIC", "-shared", "-include", "emulation.h"];
    execFileSync("g++", [...flags, "-I", folder, "-o", library, source], { stdio: "pipe" });
    writeFileSync(input, requestsOf(launches, sources));
    execFileSync(runner, [library, input, output], { stdio: "pipe" });
    return answersOf(launches, new Uint8Array(readFileSync(output)));
  } finally {
    rmSync(work, { recursive: true });
  }
}

function requestsOf(launches: readonly EmulatedLaunch[], sources: readonly KernelSource[]): Uint8Array {
  const out = new Writer();
  out.word(launches.length);
  for (const { source, memories, scalars } of launches) {
    const { symbol, threads, groups, scalars: names } = source;
    const blocks = evaluateIndex(groups, new Map(names.map(({ name }, i) => [name, scalars[i]!])));
    out.word(
      sources.findIndex((s) => s.symbol === symbol),
      blocks,
      threads,
      1,
      memories.length,
    );
    for (const { dtype, data } of memories) out.bytes(encodeElements(dtype, data));
    out.word(rowWords(source), 0, 0, 0, 0);
    for (const i of memories.keys()) out.word(1, i);
    for (const n of scalars) out.word(0, n);
  }
  return out.done();
}

function answersOf(launches: readonly EmulatedLaunch[], found: Uint8Array): readonly Outcome[] {
  let at = 0;
  const next = (): Uint8Array => {
    const length = new DataView(found.buffer, found.byteOffset + at).getUint32(0, true);
    at += 4 + length;
    return found.slice(at - length, at);
  };
  return launches.map(({ memories }) => ({
    fault: new TextDecoder().decode(next()),
    memories: memories.map(({ dtype }) => new Memory(dtype, decodeElements(dtype, next()))),
  }));
}
