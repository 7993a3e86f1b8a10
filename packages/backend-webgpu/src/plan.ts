import { evaluateIndex } from "@tenon/lowering";
import { type DeviceBuffer, usages } from "./device-buffers.ts";
import { donatedTogether, gather } from "./gather.ts";
import { isArgument, type LoadedProgram } from "./loaded.ts";
import type { Range } from "./memory.ts";
import { checkSizes, outOfMemoryOf } from "./out-of-memory.ts";
import { type Recorder, Recording } from "./recording.ts";
import { CELL } from "./slab.ts";
import { placeTemporaries } from "./temporaries.ts";
import { type Works, worksOf } from "./works.ts";
import type { Workspaces } from "./workspaces.ts";

/** Ways in which arguments lie in buffers for which a plan keeps recordings. */
const MAX_RECORDINGS = 4;

/** How often arguments are brought together. Where others come again and again, it does not pay. */
const MAX_GATHERINGS = 4;

/** What a program does for given sizes, with memory for its temporaries. */
export class Plan {
  readonly generation: number;
  readonly #loaded: LoadedProgram;
  readonly #recorder: Recorder;
  readonly #workspaces: Workspaces;
  readonly #works: Works;
  /** By memory, that of guards last; those from outside are those of the run at hand. */
  readonly #ranges: Range[] = [];
  readonly #own: Range[] = [];
  readonly #workspace: readonly DeviceBuffer[];
  readonly #guards: DeviceBuffer | undefined;
  readonly #recordings = new Map<string, Recording>();
  readonly #together: readonly (readonly number[])[];
  #gatherings = 0;
  #last: { readonly homes: readonly DeviceBuffer[]; readonly recording: Recording } | undefined;

  constructor(loaded: LoadedProgram, dims: ReadonlyMap<string, number>, recorder: Recorder, workspaces: Workspaces) {
    const { program, memory, sources, constants } = loaded;
    const { live, memory: device } = recorder;
    this.#loaded = loaded;
    this.#recorder = recorder;
    this.#workspaces = workspaces;
    this.generation = live.generation;
    this.#works = worksOf(program, memory, sources, dims);
    const explain = outOfMemoryOf(program, dims);
    const sizes = memory.memories.map(
      ({ elements, bytesPerElement }) => evaluateIndex(elements, dims) * bytesPerElement,
    );
    this.#together = donatedTogether(loaded, (m) => sizes[m]!);
    const bytes = memory.memories.map(({ outside }, m) => (outside === undefined ? sizes[m]! : -1));
    checkSizes(program, dims, bytes, device.maxBytes);
    const { small, buffers } = placeTemporaries(memory, bytes, device.maxBytes);
    for (const m of small) this.#own.push((this.#ranges[m] = device.alloc(bytes[m]!, explain)));
    this.#workspace = workspaces.lend(buffers, explain);
    for (const [i, { members }] of buffers.entries()) {
      const home = this.#workspace[i]!;
      for (const { memory: m, offset } of members)
        this.#ranges[m] = { home, offset, bytes: bytes[m]!, known: 0, computed: 0 };
    }
    for (const [m, range] of constants) this.#ranges[m] = range;
    const { guards } = this.#works;
    if (guards > 0) {
      this.#guards = device.own(guards * CELL, device.storage | usages.UNIFORM, explain);
      const home = this.#guards;
      this.#ranges[memory.memories.length] = { home, offset: 0, bytes: guards * CELL, known: 0, computed: 0 };
    }
  }

  /** Whether there is no memory for it after all. */
  get failed(): boolean {
    return [...this.#workspace, ...(this.#guards === undefined ? [] : [this.#guards])].some(
      ({ failure }) => failure !== undefined,
    );
  }

  /** Dispatches of the run that was last. */
  get dispatches(): number {
    return this.#last?.recording.dispatches ?? 0;
  }

  /** Records a run, at that time. */
  run(time: number, outside: readonly (Range | undefined)[]): void {
    const ranges = this.#ranges;
    const given = outside.filter((range) => range !== undefined);
    for (const [m, range] of outside.entries()) if (range !== undefined) ranges[m] = range;
    for (const [m, { outside: buffer }] of this.#loaded.memory.memories.entries())
      if (buffer === undefined) this.#recorder.memory.poison(ranges[m]!);
    this.#recordingOf(given).run(time, ranges);
  }

  drop(): void {
    const { memory } = this.#recorder;
    for (const recording of this.#recordings.values()) recording.drop();
    for (const range of this.#own) memory.free(range);
    this.#workspaces.giveBack(this.#workspace);
    if (this.#guards !== undefined) memory.giveBack(this.#guards);
  }

  /** The recording for arguments and results in these buffers, or in others that lie in the same way. */
  #recordingOf(given: readonly Range[]): Recording {
    if (this.#last?.homes.every((home, i) => home === given[i]!.home)) return this.#last.recording;
    if (this.#gatherings < MAX_GATHERINGS && gather(this.#together, this.#ranges, this.#recorder.memory))
      this.#gatherings++;
    const homes = given.map(({ home }) => home);
    const numbers = new Map<DeviceBuffer, number>();
    for (const { home } of [...this.#own, ...this.#loaded.constants.values()])
      if (!numbers.has(home)) numbers.set(home, numbers.size);
    let key = "";
    for (const home of homes) {
      if (!numbers.has(home)) numbers.set(home, numbers.size);
      key += `${numbers.get(home)}${home.shared ? "s" : ""} `;
    }
    let recording = this.#recordings.get(key);
    if (recording === undefined) {
      const [oldest] = this.#recordings.keys();
      if (this.#recordings.size >= MAX_RECORDINGS) {
        this.#recordings.get(oldest!)!.drop();
        this.#recordings.delete(oldest!);
      }
      const guards = this.#loaded.memory.memories.length;
      recording = new Recording(this.#recorder, this.#works.works, this.#ranges, guards, (m) =>
        isArgument(this.#loaded, m),
      );
    } else this.#recordings.delete(key);
    this.#recordings.set(key, recording);
    this.#last = { homes, recording };
    return recording;
  }
}
