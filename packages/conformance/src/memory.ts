import { byteLengthOf } from "@tenon/backend";
import { add, type ConcreteType, Fn, input, mul } from "@tenon/ir";
import { aliasChecks } from "./aliases.ts";
import { compileOn, ENTRY, moduleOf, upload } from "./bench.ts";
import type { Check, Kit } from "./check.ts";
import { surroundings } from "./surroundings.ts";

/** Item 6: nothing is read before it is written, nothing is written beside a buffer, nothing is kept. */
export function* memory(kit: Kit): Generator<Check> {
  yield* surroundings(kit);
  yield* aliasChecks(kit);
  yield { op: "run", dtype: "float32", case: "1,000 steps leave what was there before", run: () => steps(kit) };
  yield { op: "compile", dtype: "float32", case: "programs are counted, and given back", run: () => compilations(kit) };
  yield { op: "alloc", dtype: "float32", case: "buffers are given back once", run: () => releases(kit) };
  yield { op: "write", dtype: "uint8", case: "parts are written, read and copied", run: () => parts(kit) };
}

const STEPS = 1000;
/** Steps after which caches may hold what they want to hold. */
const WARM = 10;

const f32 = (...shape: number[]): ConcreteType => ({ dtype: "float32", shape });

/** (w alias 0, x) → (w + x, Σ w·x) */
function trainingStep(): Fn {
  const [w, x] = [input(f32(4, 3)), input(f32(4, 3))];
  return new Fn("fn", [w, x], [add(w, x), mul(w, x).sum()], [0]);
}

async function steps(kit: Kit): Promise<readonly string[]> {
  const backend = await kit.factory.create();
  try {
    const args = [f32(4, 3), f32(4, 3)].map((type) => ({ ...type, data: new Float64Array(12).fill(1) }));
    const executable = await compileOn(backend, trainingStep());
    let [w] = args.map((x) => upload(backend, x));
    let baseline = "";
    for (let step = 0; step < WARM + STEPS; step++) {
      const x = upload(backend, args[1]!);
      const [next, loss] = executable.run([w!, x]);
      x.release();
      if (step % 100 === 0) await backend.read(loss!);
      loss!.release();
      w = next;
      if (step === WARM) {
        await backend.sync();
        baseline = JSON.stringify(backend.stats());
      }
    }
    await backend.sync();
    const after = JSON.stringify(backend.stats());
    return after === baseline ? [] : [`before ${STEPS} steps ${baseline}, after them ${after}`];
  } finally {
    await backend.close();
  }
}

async function compilations(kit: Kit): Promise<readonly string[]> {
  const backend = await kit.factory.create();
  try {
    const before = JSON.stringify(backend.stats());
    for (let i = 0; i < 20; i++) {
      const executable = await backend.compile(moduleOf(trainingStep()), ENTRY);
      if (backend.stats().cachedPrograms === 0) return ["a program is there, and none is counted"];
      const buffers = [f32(4, 3), f32(4, 3)].map((type) => backend.alloc(byteLengthOf(type)));
      for (const buffer of [...executable.run(buffers), ...buffers]) buffer.release();
      executable.dispose();
    }
    await backend.sync();
    const { liveBuffers, liveBytes, cachedPrograms } = backend.stats();
    const stats = JSON.parse(before) as ReturnType<typeof backend.stats>;
    const kept = cachedPrograms - stats.cachedPrograms; // the one that all of them are, where the backend likes
    if (liveBuffers === stats.liveBuffers && liveBytes === stats.liveBytes && kept <= 1) return [];
    return [`before 20 programs ${before}, after them ${JSON.stringify(backend.stats())}`];
  } finally {
    await backend.close();
  }
}

async function releases(kit: Kit): Promise<readonly string[]> {
  const backend = await kit.factory.create();
  try {
    const problems: string[] = [];
    const expectLive = (when: string, buffers: number, bytes: number): void => {
      const { liveBuffers, liveBytes } = backend.stats();
      if (liveBuffers !== buffers || liveBytes !== bytes)
        problems.push(`${when} ${liveBuffers} buffers of ${liveBytes} bytes are alive, not ${buffers} of ${bytes}`);
    };
    expectLive("at first", 0, 0);
    const [one, nothing, ...group] = [backend.alloc(24), backend.alloc(0), ...backend.allocGroup([8, 4, 12], "slot")];
    expectLive("after five allocations", 5, 48);
    one!.release();
    one!.release();
    group[1]!.release();
    expectLive("after two releases, one of them repeated", 3, 20);
    if ((await backend.read(nothing!)).byteLength !== 0) problems.push("an empty buffer has bytes");
    for (const buffer of [nothing!, ...group]) buffer.release();
    expectLive("at last", 0, 0);
    return problems;
  } finally {
    await backend.close();
  }
}

async function parts({ backend }: Kit): Promise<readonly string[]> {
  const [a, b] = [backend.alloc(16), backend.alloc(16)];
  const problems: string[] = [];
  const expectBytes = async (what: string, read: Promise<Uint8Array>, wanted: readonly number[]): Promise<void> => {
    const found = [...(await read)].join(" ");
    if (found !== wanted.join(" ")) problems.push(`${what} gives ${found}, not ${wanted.join(" ")}`);
  };
  const count = Array.from({ length: 16 }, (_, i) => i);
  backend.write(a, Uint8Array.from(count));
  backend.write(a, Uint8Array.of(90, 91, 92, 93), 8);
  await expectBytes("a write of four bytes at 8", backend.read(a), [
    ...count.slice(0, 8),
    90,
    91,
    92,
    93,
    ...count.slice(12),
  ]);
  await expectBytes("a read of eight bytes at 4", backend.read(a, 4, 8), [4, 5, 6, 7, 90, 91, 92, 93]);
  await expectBytes("a read from 12 on", backend.read(a, 12), [12, 13, 14, 15]);
  backend.copy(a, b);
  backend.write(a, new Uint8Array(16));
  await expectBytes("a copy whose source is overwritten", backend.read(b, 0, 4), [0, 1, 2, 3]);
  (await backend.read(b)).fill(7);
  await expectBytes("a second read", backend.read(b, 0, 4), [0, 1, 2, 3]);
  if (backend.caps.features.includes("sync-read") && backend.readSync !== undefined)
    await expectBytes("a read at once", Promise.resolve(backend.readSync(b, 8, 2)), [90, 91]);
  a.release();
  b.release();
  return problems;
}
