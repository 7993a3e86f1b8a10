import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BackendFactory } from "@tenon/backend";
import { drawDigits, type LabelledImages } from "@tenon/datasets";
import { mnistFolder } from "@tenon/datasets/node";
import { capabilitiesOf, setBackend } from "@tenon/tensor";
import { fence, fullSizes, jobsOf, tinySizes } from "./jobs.ts";
import { measure, OURS, type Result } from "./measure.ts";
import { type Finish, race, raceOf } from "./mnist.ts";
import { Peer } from "./peer.ts";
import { type Findings, pageOf } from "./report.ts";
import { datasheetOf } from "./roofline.ts";

export interface BenchOptions {
  readonly backend: BackendFactory;
  /** The program that has PyTorch, and the device by PyTorch's name; without it, ours is measured alone. */
  readonly peer?: { readonly python: string; readonly device: string };
  readonly rounds: number;
  readonly roundMs: number;
  /** Sizes that the emulated device does in seconds. */
  readonly tiny?: boolean;
  /** Only jobs whose name and precision begin with one of these. */
  readonly only?: readonly string[] | undefined;
  readonly log: (line: string) => void;
}

/** The races that are run: in small only to see that they can be. */
const races = {
  full: { sizes: { ...fullSizes.cnn }, accuracy: 0.99, epochs: 20 },
  tiny: { sizes: { ...tinySizes.cnn, batch: 4, side: 28 }, accuracy: 2, epochs: 1 },
};

/** Measures everything, and gives what was found. */
export async function bench(options: BenchOptions): Promise<Findings> {
  const { backend, rounds, roundMs, tiny = false, only = [""], log } = options;
  const isWanted = (name: string): boolean => only.some((start) => name.startsWith(start));
  await setBackend(backend);
  const { name, fingerprint } = (await capabilitiesOf()).device;
  const found =
    options.peer === undefined ? "PyTorch was not wanted" : await Peer.start(options.peer.python, options.peer.device);
  const peer = found instanceof Peer ? found : undefined;
  const beside = peer === undefined ? String(found) : `PyTorch ${peer.version} on ${peer.device}`;
  log(`${name} (${fingerprint}); ${peer === undefined ? `*** ${beside}: ours is measured ALONE ***` : beside}`);
  const folder = mkdtempSync(join(tmpdir(), "tenon-bench-"));
  const results: Result[] = [];
  try {
    const jobs = jobsOf(tiny ? tinySizes : fullSizes, folder).filter((job) =>
      isWanted(`${job.name}, ${job.precision}`),
    );
    for (const job of jobs) {
      const result = await measure(job, { rounds, roundMs, peer, fence: fence() });
      results.push(result);
      const times = Object.entries(result.sides).map(([side, { milliseconds, ratio }]) =>
        side === OURS ? `${milliseconds.toPrecision(3)} ms` : `${side} ${ratio.toFixed(2)}`,
      );
      log(
        `${job.name}, ${job.precision}: ${[...times, ...Object.entries(result.absent).map(([side, why]) => `${side}: ${why}`)].join(", ")}`,
      );
    }
    const mnist = isWanted("MNIST") ? await mnistOf(peer, tiny, folder) : "only some jobs were wanted";
    log(`MNIST: ${JSON.stringify(mnist)}`);
    const datasheet = datasheetOf(name);
    const date = new Date().toISOString().slice(0, 10);
    return {
      ...{ date, device: name, fingerprint, node: process.version, rounds, peer: beside, results, mnist },
      ...(datasheet !== undefined && { datasheet }),
    };
  } finally {
    peer?.stop();
    rmSync(folder, { recursive: true });
  }
}

async function mnistOf(peer: Peer | undefined, tiny: boolean, folder: string): Promise<Findings["mnist"]> {
  const data = tiny ? { train: drawDigits({ count: 8 }), test: drawDigits({ count: 4, seed: 1 }) } : await mnistHere();
  if (data === undefined) return "TENON_DATA names no folder that has mnist in it";
  const wanted = tiny ? races.tiny : races.full;
  const finishes: Record<string, Finish> = { [OURS]: await race(wanted, data.train, data.test, folder) };
  for (const mode of peer?.modes ?? []) finishes[`PyTorch ${mode}`] = await raceOf(peer!, mode, wanted, folder);
  return finishes;
}

async function mnistHere(): Promise<{ readonly train: LabelledImages; readonly test: LabelledImages } | undefined> {
  const folder = join(process.env.TENON_DATA ?? "", "mnist");
  return process.env.TENON_DATA === undefined || !existsSync(folder) ? undefined : mnistFolder(folder);
}

/** Writes what was found, and the page that is made of it. */
export function write(findings: Findings, folder: string): void {
  writeFileSync(join(folder, "RESULTS-CUDA.json"), `${JSON.stringify(findings, null, 2)}\n`);
  writeFileSync(join(folder, "RESULTS-CUDA.md"), pageOf(findings));
}
