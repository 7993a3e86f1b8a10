import { softwareGpu } from "./gpu.test-kit.ts";

/** WebGPU that lets the last of its devices be destroyed from outside; the next one comes after `opened`. */
export function fragile(opened: Promise<void> = Promise.resolve()): {
  readonly gpu: GPU;
  /** How many devices there were. */
  devices(): number;
  destroy(): void;
  lost(): Promise<unknown>;
} {
  const gpu = softwareGpu();
  let last: GPUDevice | undefined;
  let count = 0;
  const adapterOf = (adapter: GPUAdapter): GPUAdapter =>
    new Proxy(adapter, {
      get: (target, key) => {
        const value = Reflect.get(target, key, target);
        if (key !== "requestDevice") return typeof value === "function" ? value.bind(target) : value;
        return async (descriptor: GPUDeviceDescriptor) => {
          last = await target.requestDevice(descriptor);
          count++;
          return last;
        };
      },
    });
  return {
    gpu: {
      requestAdapter: async (options?: GPURequestAdapterOptions) => {
        if (last !== undefined) await opened;
        return adapterOf((await gpu.requestAdapter(options))!);
      },
    } as GPU,
    devices: () => count,
    destroy: () => last!.destroy(),
    lost: () => last!.lost,
  };
}
