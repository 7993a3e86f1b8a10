import type { Tensor } from "@tenon/tensor";
import { type Job, SAMPLE } from "./jobs.ts";
import type { Peer } from "./peer.ts";

/** A side's times of one job against ours, round by round. */
export interface Compared {
  readonly milliseconds: number;
  /** Of times within a round, theirs to ours: above 1, ours is quicker. */
  readonly ratio: number;
  readonly least: number;
  readonly most: number;
}

export interface Result {
  readonly name: string;
  readonly precision: Job["precision"];
  readonly flop?: number;
  readonly bytes?: number;
  /** Milliseconds that the host takes to start a run of ours, without waiting for it. */
  readonly host: number;
  readonly sides: Readonly<Record<string, Compared>>;
  /** Why a side has no times. */
  readonly absent: Readonly<Record<string, string>>;
}

export const OURS = "ours";
/** Ours once more: how far two times of the same thing are apart. */
export const CONTROL = "ours again";

export interface Measuring {
  readonly rounds: number;
  /** How long one side of a round should take, in milliseconds. */
  readonly roundMs: number;
  readonly peer: Peer | undefined;
  /** Resolves when all that was enqueued is done. */
  readonly fence: () => Promise<void>;
}

/** How far the sides' results may be apart, relative to the largest number of a sample: a few roundings of the factors. */
const AGREE = { float32: 1e-3, tf32: 1e-2, bfloat16: 5e-2 } as const;
const MAX_RUNS = 1000;

/** One side of a job: makes so many runs, and gives the milliseconds of one. */
type Side = (count: number) => Promise<number>;

async function ourSide(run: () => Promise<Tensor>, fence: () => Promise<void>): Promise<Side> {
  return async (count) => {
    await fence();
    const start = performance.now();
    for (let i = 0; i < count; i++) (await run()).dispose();
    await fence();
    return (performance.now() - start) / count;
  };
}

/** Runs whose starts are timed: so few that the device's queue holds them. */
const STARTED = 20;

async function hostTime(run: () => Promise<Tensor>, { fence, rounds }: Measuring): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    await fence();
    const start = performance.now();
    for (let i = 0; i < STARTED; i++) (await run()).dispose();
    if (round > 0) times.push((performance.now() - start) / STARTED);
  }
  await fence();
  return median(times);
}

async function sampleOf(result: Tensor): Promise<readonly number[]> {
  const size = result.shape.reduce<number>((n, d) => n * (d as number), 1);
  const first = result.reshape([size]).slice({ start: [0], limit: [Math.min(SAMPLE, size)] });
  return Array.from(await first.cast("float32").data(), Number);
}

function agree(ours: readonly number[], theirs: readonly number[], relative: number): boolean {
  const largest = Math.max(...ours.map(Math.abs));
  return ours.length === theirs.length && ours.every((x, i) => Math.abs(x - theirs[i]!) <= relative * largest);
}

/** By what the peer knows a job. */
const idOf = ({ name, precision }: Job, mode: string): string => `${name}, ${precision}, ${mode}`;

/** Prepares the peer's side; throws where it cannot, or where it computes something else. */
async function peerSide(peer: Peer, job: Job, mode: string, ours: readonly number[]): Promise<Side> {
  const id = idOf(job, mode);
  const { sample } = (await peer.ask({ prepare: id, mode, ...job.spec })) as { sample: readonly number[] };
  if (!agree(ours, sample, AGREE[job.precision]))
    throw new Error(`its result begins with ${sample.join(", ")} where ours begins with ${ours.join(", ")}`);
  return async (count) => (await peer.ask({ run: id, count })).ms as number;
}

const median = (list: readonly number[]): number => list.toSorted((a, b) => a - b)[list.length >> 1]!;

function comparedOf(own: readonly number[], ours: readonly number[]): Compared {
  const ratios = own.map((ms, i) => ms / ours[i]!);
  return { milliseconds: median(own), ratio: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios) };
}

/** Measures a job: a round to warm up, then rounds in which each side has its turn, and each begins in turn. */
export async function measure(job: Job, measuring: Measuring): Promise<Result> {
  const { peer } = measuring;
  try {
    return await timed(job, measuring);
  } finally {
    for (const mode of peer?.modes ?? []) await peer!.ask({ drop: idOf(job, mode) }).catch(() => {}); // it may have ended
  }
}

async function timed(job: Job, measuring: Measuring): Promise<Result> {
  const { rounds, roundMs, peer, fence } = measuring;
  const absent: Record<string, string> = {};
  const sides = new Map<string, Side>();
  const run = await job.prepare();
  const first = await run();
  const ours = await sampleOf(first);
  if (!ours.every(Number.isFinite)) throw new Error(`its result begins with ${ours.join(", ")}`);
  first.dispose();
  const own = await ourSide(run, fence);
  sides.set(OURS, own);
  for (const mode of peer?.modes ?? []) {
    try {
      sides.set(mode, await peerSide(peer!, job, mode, ours));
    } catch (error) {
      absent[mode] = (error as Error).message;
    }
  }
  sides.set(CONTROL, own);
  const counts = new Map<string, number>();
  for (const [name, side] of sides) {
    await side(2); // the first run may compile, the second may record
    counts.set(name, Math.max(1, Math.min(MAX_RUNS, Math.round(roundMs / (await side(3))))));
  }
  const times = new Map([...sides.keys()].map((name) => [name, [] as number[]]));
  const order = [...sides];
  for (let round = 0; round <= rounds; round++) {
    for (const [i] of order.entries()) {
      const [name, side] = order[(i + round) % order.length]!;
      const milliseconds = await side(counts.get(name)!);
      if (round > 0) times.get(name)!.push(milliseconds);
    }
  }
  const { name, precision, flop, bytes } = job;
  return {
    ...{ name, precision, absent, host: await hostTime(run, measuring) },
    ...(flop !== undefined && { flop }),
    ...(bytes !== undefined && { bytes }),
    sides: Object.fromEntries([...times].map(([side, list]) => [side, comparedOf(list, times.get(OURS)!)])),
  };
}
