import { ModuleBuilder } from "./module.ts";

/** What an engine's WebAssembly can do beyond its first version. */
export interface Features {
  /** Vectors of 128 bits. */
  readonly simd: boolean;
  /** Vector instructions whose last bit is the processor's affair, such as a fused multiply-add. */
  readonly relaxed: boolean;
  /** Shared memory and atomics. A page may make shared memory only if it is cross-origin isolated, which this does not say. */
  readonly threads: boolean;
}

const probes: Readonly<Record<keyof Features, (m: ModuleBuilder) => void>> = {
  simd: (m) => void m.func("simd", { params: { x: "v128" } }, (f, { x }) => f.set(x, f.f32x4.add(x, x))),
  relaxed: (m) =>
    void m.func("relaxed", { params: { x: "v128" } }, (f, { x }) => f.set(x, f.f32x4.relaxed_madd(x, x, x))),
  threads(m) {
    m.memory({ initial: 1, maximum: 1, shared: true });
    m.func("threads", { params: {} }, (f) => f.drop(f.memory.atomic_notify(0, 1)));
  },
};

/** The part of the engine's `WebAssembly` that is needed here. */
interface Validator {
  validate(bytes: Uint8Array<ArrayBuffer>): boolean;
}

/** Asks the engine, by a tiny module for each feature. */
export function features(): Features {
  const { WebAssembly: engine } = globalThis as { readonly WebAssembly?: Validator };
  const has = (write: (m: ModuleBuilder) => void): boolean => {
    const m = new ModuleBuilder();
    write(m);
    return engine?.validate(m.toBytes()) ?? false;
  };
  return {
    simd: has(probes.simd),
    relaxed: has(probes.relaxed),
    threads: has(probes.threads),
  };
}
