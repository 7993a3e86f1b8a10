import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
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
  /** The backend that is measured; asked for anew after a job that failed, since its device may have failed with it. */
  readonly open: () => BackendFactory;
  /** The program that has PyTorch, and the device by PyTorch's name; without it, ours is measured alone. */
  readonly peer?: { readonly python: string; readonly device: string };
  readonly rounds: number;
  readonly roundMs: number;
  /** Sizes that the emulated device does in seconds. */
  readonly tiny?: boolean;
  /** Only jobs whose name and precision begin with one of these. */
  readonly only?: readonly string[] | undefined;
  /** What was found before: jobs that are not wanted now keep their results, if it was the same device and peer. */
  readonly before?: Findings | undefined;
  readonly log: (line: string) => void;
  /** Takes all that has been found so far, after each job. */
  readonly save?: (findings: Findings) => void;
}

/** The races that are run: in small only to see that they can be. */
const races = {
  full: { sizes: { ...fullSizes.cnn }, accuracy: 0.99, epochs: 20 },
  tiny: { sizes: { ...tinySizes.cnn, batch: 4, side: 28 }, accuracy: 2, epochs: 1 },
};

/** Measures everything, and gives what was found. */
export async function bench(options: BenchOptions): Promise<Findings> {
  const { open, rounds, roundMs, tiny = false, only = [""], before, log, save = () => {} } = options;
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`${rounds} rounds: give a whole number from 1`);
  const sizes = tiny ? tinySizes : fullSizes;
  const titles = [...jobsOf(sizes, "").map(titleOf), MNIST];
  const unknown = only.find((start) => !titles.some((title) => title.startsWith(start)));
  if (unknown !== undefined) throw new Error(`no job begins with "${unknown}"; there are: ${titles.join("; ")}`);
  const isWanted = (name: string): boolean => only.some((start) => name.startsWith(start));
  await setBackend(open());
  const { name, fingerprint } = (await capabilitiesOf()).device;
  const found =
    options.peer === undefined ? "PyTorch was not wanted" : await Peer.start(options.peer.python, options.peer.device);
  const peer = found instanceof Peer ? found : undefined;
  const beside = peer === undefined ? String(found) : `PyTorch ${peer.version} on ${peer.device}`;
  log(`${name} (${fingerprint}); ${peer === undefined ? `*** ${beside}: ours is measured ALONE ***` : beside}`);
  const datasheet = datasheetOf(name);
  const of = {
    ...{ date: new Date().toISOString().slice(0, 10), device: name, fingerprint, node: process.version, rounds },
    ...{ peer: beside, ...(datasheet !== undefined && { datasheet }) },
  };
  const kept = before?.fingerprint === fingerprint && before.peer === beside ? before : undefined;
  if (before !== kept) log(`what was found before goes: it was ${before!.fingerprint}, ${before!.peer}`);
  const folder = mkdtempSync(join(tmpdir(), "tenon-bench-"));
  const jobs = jobsOf(sizes, folder);
  const results = new Map(kept?.results.map((result) => [titleOf(result), result]));
  const failed = new Map(Object.entries(kept?.failed ?? {}));
  let mnist = kept?.mnist ?? "only some jobs were wanted";
  const findings = (): Findings => ({
    ...of,
    results: jobs.flatMap((job) => results.get(titleOf(job)) ?? []),
    ...{ failed: Object.fromEntries(failed), mnist },
  });
  const attempt = async (title: string, work: () => Promise<string>): Promise<void> => {
    failed.delete(title);
    try {
      log(`${title}: ${await work()}`);
    } catch (error) {
      failed.set(title, (error as Error).message);
      log(`*** ${title} FAILED: ${(error as Error).message} ***`);
      await setBackend(open()).catch((again: Error) =>
        log(`*** and the device does not come back: ${again.message} ***`),
      );
    }
    save(findings());
  };
  try {
    for (const job of jobs.filter((job) => isWanted(titleOf(job))))
      await attempt(titleOf(job), async () => {
        results.delete(titleOf(job));
        const result = await measure(job, { rounds, roundMs, peer, fence: fence() });
        results.set(titleOf(job), result);
        const times = Object.entries(result.sides).map(([side, { milliseconds, ratio }]) =>
          side === OURS ? `${milliseconds.toPrecision(3)} ms` : `${side} ${ratio.toFixed(2)}`,
        );
        return [...times, ...Object.entries(result.absent).map(([side, why]) => `${side}: ${why}`)].join(", ");
      });
    if (isWanted(MNIST))
      await attempt(MNIST, async () => {
        mnist = await mnistOf(peer, tiny, folder);
        return JSON.stringify(mnist);
      });
    return findings();
  } finally {
    peer?.stop();
    rmSync(folder, { recursive: true });
  }
}

const MNIST = "MNIST";
const titleOf = ({ name, precision }: Pick<Result, "name" | "precision">): string => `${name}, ${precision}`;

async function mnistOf(peer: Peer | undefined, tiny: boolean, folder: string): Promise<Findings["mnist"]> {
  const data = tiny ? { train: drawDigits({ count: 8 }), test: drawDigits({ count: 4, seed: 1 }) } : await mnistHere();
  if (data === undefined) return "TENON_DATA names no folder that has mnist in it";
  const wanted = tiny ? races.tiny : races.full;
  const finishes: Record<string, Finish | string> = { [OURS]: await race(wanted, data.train, data.test, folder) };
  for (const mode of peer?.modes ?? [])
    finishes[`PyTorch ${mode}`] = await raceOf(peer!, mode, wanted, folder).catch((error: Error) => error.message);
  return finishes;
}

async function mnistHere(): Promise<{ readonly train: LabelledImages; readonly test: LabelledImages } | undefined> {
  const folder = join(process.env.TENON_DATA ?? "", "mnist");
  return process.env.TENON_DATA === undefined || !existsSync(folder) ? undefined : mnistFolder(folder);
}

const file = (folder: string): string => join(folder, "RESULTS-CUDA.json");

/** Writes what was found, and the page that is made of it; who is stopped meanwhile leaves what was there before. */
export function write(findings: Findings, folder: string): void {
  mkdirSync(folder, { recursive: true });
  replace(file(folder), `${JSON.stringify(findings, null, 2)}\n`);
  replace(join(folder, "RESULTS-CUDA.md"), pageOf(findings));
}

function replace(path: string, text: string): void {
  const part = `${path}.${process.pid}`;
  writeFileSync(part, text);
  renameSync(part, path);
}

/** What was written; undefined where nothing was. */
export const written = (folder: string): Findings | undefined =>
  existsSync(file(folder)) ? (JSON.parse(readFileSync(file(folder), "utf8")) as Findings) : undefined;
