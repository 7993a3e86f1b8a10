import { Commands } from "./commands.ts";
import { acquireDevice } from "./device.ts";
import { softwareGpu } from "./gpu.test-kit.ts";
import { LiveDevice } from "./live-device.ts";
import { Memory, type MemoryDebug, type Range } from "./memory.ts";
import { Pipelines } from "./pipelines.ts";
import { Readback } from "./readback.ts";
import { type Recorder, Recording } from "./recording.ts";
import { writeRange } from "./transfer.ts";
import type { KernelSource } from "./wgsl/source.ts";

/** The parts of the backend on the software adapter, without programs. */
export interface Bench extends Recorder {
  readonly device: GPUDevice;
  write(range: Range, data: Uint8Array, at?: number): void;
  read(range: Range, at?: number, bytes?: number): Promise<Uint8Array>;
  /** Memory that holds these bytes. */
  holding(data: ArrayBufferView): Range;
  /** Runs a kernel on ranges, by slot, of each instance. */
  run(source: KernelSource, ...instances: readonly BenchInstance[]): Recording;
}

export interface BenchInstance {
  readonly ranges: readonly Range[];
  readonly scalars?: readonly number[];
  readonly groups?: number;
}

export async function openBench(debug: MemoryDebug = { poison: true }): Promise<Bench> {
  const { device } = await acquireDevice({ gpu: softwareGpu() });
  const live = new LiveDevice(device, () => acquireDevice({ gpu: softwareGpu() }));
  const commands = new Commands(live);
  const memory = new Memory(live, commands, debug);
  const recorder: Recorder = { live, commands, memory, pipelines: new Pipelines(live) };
  const readback = new Readback(live, commands, memory);
  return {
    ...recorder,
    device,
    write: (range, data, at = 0) => writeRange(recorder, range, data, at),
    read: (range, at = 0, bytes = range.bytes - at) => readback.read(range, at, bytes),
    holding({ buffer, byteOffset, byteLength }) {
      const range = memory.alloc(byteLength);
      writeRange(recorder, range, new Uint8Array(buffer, byteOffset, byteLength), 0);
      return range;
    },
    run(source, ...instances) {
      const ranges = instances.flatMap((one) => one.ranges);
      let next = 0;
      const work = {
        source,
        guard: undefined,
        instances: instances.map(({ ranges: own, scalars = [], groups = 1 }) => ({
          memories: own.map(() => next++),
          scalars,
          groups,
        })),
      };
      const recording = new Recording(recorder, [work], ranges, -1);
      recording.run(live.faults.tick(), ranges);
      return recording;
    },
  };
}
