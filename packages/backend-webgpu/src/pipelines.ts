import { recent } from "@tenon/backend";
import { BackendError } from "@tenon/ir";
import type { LiveDevice } from "./live-device.ts";
import { bindingsOf } from "./wgsl/accessors.ts";
import { guardBinding, shaderText, tableBinding } from "./wgsl/shader.ts";
import type { KernelSource, ShaderVariant } from "./wgsl/source.ts";

/** How many pipelines are kept, for any number of programs. */
const MAX_PIPELINES = 1024;
/** The value of `GPUShaderStage.COMPUTE`. */
const COMPUTE = 0x4;

/** A kernel in one of its variants, ready to be dispatched. */
export interface Pipeline {
  readonly gpu: GPUComputePipeline;
  readonly layout: Layout;
  readonly guarded: boolean;
}

/** What is bound: memories, then the table and perhaps the guard, these at offsets that each dispatch says. */
export interface Layout {
  readonly key: string;
  readonly group: GPUBindGroupLayout;
  readonly pipeline: GPUPipelineLayout;
}

/** Pipelines by the text of their module. */
export class Pipelines {
  /** Pipelines that were made while a run waited. */
  late = 0;
  readonly #live: LiveDevice;
  readonly #layouts = new Map<string, Layout>();
  readonly #ready = new Map<string, Pipeline>();
  readonly #coming = new Map<string, Promise<void>>();
  /** The texts of a kernel, by variant. */
  #texts = new WeakMap<KernelSource, Map<string, string>>();

  constructor(live: LiveDevice) {
    this.#live = live;
    live.onLoss(() => {
      this.#layouts.clear();
      this.#ready.clear();
      this.#coming.clear();
    });
  }

  /** The pipeline, made at once where nobody has asked for it before. */
  get(source: KernelSource, variant: ShaderVariant): Pipeline {
    const text = this.#textOf(source, variant);
    return recent(this.#ready, text, MAX_PIPELINES, () => {
      const { faults, device } = this.#live;
      this.late++;
      const layout = this.#layoutOf(source, variant);
      const gpu = faults.watch(
        device,
        faults.tick(),
        (message) => refused(source, message),
        () => device.createComputePipeline(descriptorOf(device, source, layout, text)),
        () => this.#ready.delete(text),
      );
      return { gpu, layout, guarded: variant.guarded };
    });
  }

  /** Makes the pipeline without keeping anybody waiting. Rejects with E541 where the device does not accept it. */
  async prepare(source: KernelSource, variant: ShaderVariant): Promise<void> {
    const text = this.#textOf(source, variant);
    if (this.#ready.has(text)) return;
    const known = this.#coming.get(text);
    if (known !== undefined) return known;
    const coming = this.#make(source, variant, text).finally(() => this.#coming.delete(text));
    this.#coming.set(text, coming);
    await coming;
  }

  async #make(source: KernelSource, variant: ShaderVariant, text: string): Promise<void> {
    const { device, generation } = this.#live;
    const layout = this.#layoutOf(source, variant);
    let gpu: GPUComputePipeline;
    device.pushErrorScope("validation");
    const descriptor = descriptorOf(device, source, layout, text);
    const told = device.popErrorScope(); // what is wrong with the text; the pipeline only says that something is
    try {
      gpu = await device.createComputePipelineAsync(descriptor);
    } catch (cause) {
      if (this.#live.generation !== generation) return; // it was lost, and the run will make another
      const message = (await told)?.message ?? (cause instanceof Error ? cause.message : String(cause));
      throw refused(source, message);
    }
    if (this.#live.generation === generation)
      recent(this.#ready, text, MAX_PIPELINES, () => ({ gpu, layout, guarded: variant.guarded }));
  }

  #textOf(source: KernelSource, variant: ShaderVariant): string {
    const { places, several, guarded, tableLength } = variant;
    let texts = this.#texts.get(source);
    if (texts === undefined) this.#texts.set(source, (texts = new Map()));
    const where = places.map(({ binding, based, words = "" }) => `${binding}${based ? "b" : ":"}${words}`);
    const key = `${where} ${several} ${guarded} ${tableLength}`;
    return recent(texts, key, MAX_TEXTS, () => shaderText(source, variant, this.#live.features.has("shader-f16")));
  }

  #layoutOf(source: KernelSource, variant: ShaderVariant): Layout {
    const bindings = bindingsOf(source, variant);
    const key = `${bindings.map(({ access }) => access)} ${variant.guarded}`;
    let layout = this.#layouts.get(key);
    if (layout !== undefined) return layout;
    const { device, faults } = this.#live;
    const uniform = (binding: number): GPUBindGroupLayoutEntry => ({
      binding,
      visibility: COMPUTE,
      buffer: { type: "uniform", hasDynamicOffset: true },
    });
    const entries = [
      ...bindings.map(
        ({ access }, binding): GPUBindGroupLayoutEntry => ({
          binding,
          visibility: COMPUTE,
          buffer: { type: access === "read" ? "read-only-storage" : "storage" },
        }),
      ),
      uniform(tableBinding(bindings.length)),
      ...(variant.guarded ? [uniform(guardBinding(bindings.length))] : []),
    ];
    const explain = (message: string) => refused(source, message);
    layout = faults.watch(device, faults.tick(), explain, () => {
      const group = device.createBindGroupLayout({ entries });
      return { key, group, pipeline: device.createPipelineLayout({ bindGroupLayouts: [group] }) };
    });
    this.#layouts.set(key, layout);
    return layout;
  }
}

/** Texts that are kept of a kernel. */
const MAX_TEXTS = 16;

const descriptorOf = (
  device: GPUDevice,
  { name: label }: KernelSource,
  { pipeline: layout }: Layout,
  code: string,
): GPUComputePipelineDescriptor => ({
  label,
  layout,
  compute: { module: device.createShaderModule({ label, code }), entryPoint: "main" },
});

const refused = ({ name }: KernelSource, message: string): BackendError =>
  new BackendError("E541", name, `the device does not accept the kernel: ${message.trim()}`);
