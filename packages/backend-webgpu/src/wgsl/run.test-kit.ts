import { decodeElements, encodeElements } from "@tenon/ir";
import { evaluateIndex } from "@tenon/lowering";
import { Memory } from "../../../lowering/src/kernel/evaluate-memory.test-kit.ts";
import { acquireDevice } from "../device.ts";
import { softwareGpu } from "../gpu.test-kit.ts";
import { shaderText } from "./shader.ts";
import type { KernelSource } from "./source.ts";
import { tableLayout } from "./table.ts";

let opened: Promise<GPUDevice> | undefined;

/** One device for the tests of a file. */
export const testDevice = (): Promise<GPUDevice> =>
  (opened ??= acquireDevice({ gpu: softwareGpu() }).then(({ device }) => device));

export const testLimits = { maxThreads: 256, sharedBytes: 16_384 };

const padded = (bytes: number): number => Math.max(16, Math.ceil(bytes / 16) * 16);

/** What is in all buffers after a launch on the device, each slot in a buffer of its own. */
export async function launched(
  source: KernelSource,
  memories: readonly Memory[],
  scalars: readonly number[],
): Promise<Memory[]> {
  const device = await testDevice();
  const places = source.slots.map((_, binding) => ({ binding, based: false }));
  const layout = tableLayout(source, places);
  const code = shaderText(source, { places, several: false, guarded: false, tableLength: 1 + layout.stride });
  device.pushErrorScope("validation");
  const module = device.createShaderModule({ code });
  const kinds = source.slots.map(({ access }) => (access === "read" ? "read-only-storage" : "storage"));
  const bindGroupLayout = device.createBindGroupLayout({
    entries: [...kinds, "uniform" as const].map((type, binding) => ({ binding, visibility: 4, buffer: { type } })),
  });
  const pipeline = device.createComputePipeline({
    layout: device.createPipelineLayout({ bindGroupLayouts: [bindGroupLayout] }),
    compute: { module, entryPoint: "main" },
  });
  const groups = evaluateIndex(source.groups, new Map(source.scalars.map(({ name }, i) => [name, scalars[i]!])));
  const table = new Int32Array(4 * (1 + layout.stride));
  table.set([1, groups]);
  layout.scalars.forEach((word, i) => void table.set([scalars[i]!], 4 + word));
  const { STORAGE, UNIFORM, COPY_SRC, COPY_DST } = { STORAGE: 128, UNIFORM: 64, COPY_SRC: 4, COPY_DST: 8 };
  const bufferOf = (bytes: Uint8Array, usage: number): GPUBuffer => {
    const buffer = device.createBuffer({ size: padded(bytes.length), usage: usage | COPY_SRC | COPY_DST });
    const whole = new Uint8Array(padded(bytes.length));
    whole.set(bytes);
    device.queue.writeBuffer(buffer, 0, whole);
    return buffer;
  };
  const buffers = memories.map(({ dtype, data }) => bufferOf(encodeElements(dtype, data), STORAGE));
  const entries = [...buffers, bufferOf(new Uint8Array(table.buffer), UNIFORM)].map((buffer, binding) => ({
    binding,
    resource: { buffer },
  }));
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout: bindGroupLayout, entries }));
  if (groups > 0) pass.dispatchWorkgroups(Math.min(groups, 65_535), Math.ceil(groups / 65_535));
  pass.end();
  const copies = buffers.map((buffer) => {
    const copy = device.createBuffer({ size: buffer.size, usage: 1 | COPY_DST });
    encoder.copyBufferToBuffer(buffer, 0, copy, 0, buffer.size);
    return copy;
  });
  device.queue.submit([encoder.finish()]);
  const problem = await device.popErrorScope();
  if (problem !== null) throw new Error(`${problem.message}\n${code}`);
  return Promise.all(
    memories.map(async ({ dtype, data }, i) => {
      const copy = copies[i]!;
      await copy.mapAsync(1);
      const bytes = new Uint8Array(copy.getMappedRange()).slice(0, encodeElements(dtype, data).length);
      copy.destroy();
      buffers[i]!.destroy();
      return new Memory(dtype, decodeElements(dtype, bytes));
    }),
  );
}
