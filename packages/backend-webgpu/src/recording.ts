import { recent } from "@tenon/backend";
import type { Commands } from "./commands.ts";
import { type DeviceBuffer, usages } from "./device-buffers.ts";
import { type Base, type DispatchShape, dispatchesOf } from "./dispatches.ts";
import { explainAs } from "./faults.ts";
import type { LiveDevice } from "./live-device.ts";
import type { Memory, Range } from "./memory.ts";
import type { Layout, Pipeline, Pipelines } from "./pipelines.ts";
import { CELL } from "./slab.ts";
import { guardBinding, tableBinding } from "./wgsl/shader.ts";
import { VECTOR } from "./wgsl/table.ts";
import type { Work } from "./works.ts";

/** What recordings need of their device. */
export interface Recorder {
  readonly live: LiveDevice;
  readonly commands: Commands;
  readonly memory: Memory;
  readonly pipelines: Pipelines;
}

interface Dispatch {
  readonly shape: DispatchShape;
  readonly pipeline: Pipeline;
  /** Bytes at which the table and the guard begin. */
  readonly offsets: readonly number[];
  /** What is bound, and the buffers that it was made for. */
  group: GPUBindGroup | undefined;
  readonly ids: number[];
}

/** Bind groups that are kept for each dispatch: as many as there are sets of buffers that a loop goes round in. */
const GROUPS_PER_DISPATCH = 4;

/**
 * The dispatches of a run whose memories lie in buffers in a certain way. Other buffers that lie in the same way are bound in place
 * of those; what begins at another place in its buffer is written into the tables. Nothing else is made for a second run.
 */
export class Recording {
  readonly #recorder: Recorder;
  readonly #guards: number;
  readonly #dispatches: readonly Dispatch[];
  readonly #groups = new Map<string, GPUBindGroup>();
  readonly #table: DeviceBuffer;
  readonly #words: Uint32Array<ArrayBuffer>;
  /** By memory, what tables say of where it begins. */
  readonly #bases = new Map<number, Base[]>();
  /** Where memories that tables mention began in the last run. */
  readonly #offsets = new Map<number, number>();
  /** The number of submits before which the tables were last in use. */
  #usedBefore = -1;

  /** `guards` is the number of the memory of guards; `moves` says which memories are arguments or results. */
  constructor(
    recorder: Recorder,
    works: readonly Work[],
    ranges: readonly Range[],
    guards: number,
    moves?: (memory: number) => boolean,
  ) {
    this.#recorder = recorder;
    this.#guards = guards;
    const { limits } = recorder.live;
    const shapes = dispatchesOf(works, ranges, limits, moves);
    const align = limits.minUniformBufferOffsetAlignment;
    let bytes = 0;
    const starts = shapes.map(({ table }) => {
      const start = bytes;
      bytes += Math.ceil(table.byteLength / align) * align;
      return start;
    });
    this.#words = new Uint32Array(bytes / 4);
    for (const [i, { table, bases }] of shapes.entries()) {
      const start = starts[i]! / 4;
      this.#words.set(table, start);
      for (const { memory, word, bytesPerElement } of bases) {
        const base = { memory, word: start + word, bytesPerElement };
        const known = this.#bases.get(memory);
        if (known === undefined) this.#bases.set(memory, [base]);
        else known.push(base);
      }
    }
    const { UNIFORM, COPY_DST } = usages;
    this.#table = recorder.memory.own(bytes, UNIFORM | COPY_DST, explainAs("webgpu", "the tables of a run"));
    this.#dispatches = shapes.map((shape, i) => ({
      shape,
      pipeline: recorder.pipelines.get(shape.source, shape.variant),
      offsets: shape.guard === undefined ? [starts[i]!] : [starts[i]!, shape.guard * CELL],
      group: undefined,
      ids: [],
    }));
    this.#move(ranges, true);
  }

  get dispatches(): number {
    return this.#dispatches.length;
  }

  /** Records the dispatches for the run of that time. */
  run(time: number, ranges: readonly Range[]): void {
    const { commands } = this.#recorder;
    this.#move(ranges, false);
    const pass = commands.pass(time);
    let last: Pipeline | undefined;
    for (const dispatch of this.#dispatches) {
      const { pipeline, shape, offsets } = dispatch;
      if (pipeline !== last) pass.setPipeline(pipeline.gpu);
      last = pipeline;
      pass.setBindGroup(0, this.#groupOf(dispatch, ranges), offsets as number[]);
      pass.dispatchWorkgroups(shape.x, shape.y);
    }
    this.#usedBefore = commands.submits;
  }

  /** Gives the tables back. */
  drop(): void {
    if (this.#usedBefore === this.#recorder.commands.submits) this.#recorder.commands.flush();
    this.#recorder.memory.giveBack(this.#table);
    this.#groups.clear();
  }

  /** Writes where memories begin into the tables; where something waits that goes by the old ones, after that. */
  #move(ranges: readonly Range[], all: boolean): void {
    const { commands, memory } = this.#recorder;
    let [from, to] = all ? [0, this.#words.length] : [this.#words.length, 0];
    for (const [m, bases] of this.#bases) {
      const { offset } = ranges[m]!;
      if (this.#offsets.get(m) === offset) continue;
      this.#offsets.set(m, offset);
      for (const { word, bytesPerElement } of bases) {
        this.#words[word] = offset / bytesPerElement;
        from = Math.min(from, word);
        to = Math.max(to, word + 1);
      }
    }
    if (from >= to) return;
    if (this.#usedBefore === commands.submits) commands.flush();
    const { device } = this.#recorder.live;
    device.queue.writeBuffer(memory.gpu(this.#table), 4 * from, this.#words, from, to - from);
  }

  #groupOf(dispatch: Dispatch, ranges: readonly Range[]): GPUBindGroup {
    const { ids, shape } = dispatch;
    let changed = dispatch.group === undefined;
    for (const [b, m] of shape.bound.entries()) {
      const { id } = ranges[m]!.home;
      if (ids[b] === id) continue;
      ids[b] = id;
      changed = true;
    }
    if (!changed) return dispatch.group!;
    const { layout } = dispatch.pipeline;
    const key = `${layout.key} ${shape.variant.tableLength} ${ids}`;
    const most = GROUPS_PER_DISPATCH * this.#dispatches.length;
    dispatch.group = recent(this.#groups, key, most, () => this.#bind(layout, shape, ranges));
    return dispatch.group;
  }

  #bind(layout: Layout, { bound, variant, source }: DispatchShape, ranges: readonly Range[]): GPUBindGroup {
    const { live, memory } = this.#recorder;
    const entry = (binding: number, home: DeviceBuffer, size?: number): GPUBindGroupEntry => ({
      binding,
      resource: { buffer: memory.gpu(home), ...(size !== undefined && { size }) },
    });
    const entries = [
      ...bound.map((m, b) => entry(b, ranges[m]!.home)),
      entry(tableBinding(bound.length), this.#table, 4 * VECTOR * variant.tableLength),
      ...(variant.guarded ? [entry(guardBinding(bound.length), ranges[this.#guards]!.home, CELL)] : []),
    ];
    const { faults, device } = live;
    return faults.watch(device, faults.tick(), explainAs(source.name, "binding its memory"), () =>
      device.createBindGroup({ label: source.name, layout: layout.group, entries }),
    );
  }
}
