/** The part of the host's `WebAssembly` that is needed; its types come with pages, not with the language. */
export interface Engine {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => CompiledModule;
  readonly Instance: new (
    module: CompiledModule,
    imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  ) => { readonly exports: Readonly<Record<string, unknown>> };
  readonly Memory: new (limits: { readonly initial: number; readonly maximum: number }) => EngineMemory;
  compile(bytes: Uint8Array<ArrayBuffer>): Promise<CompiledModule>;
}

/** Compiled machine code. */
export interface CompiledModule {
  readonly engine?: never;
}

export interface EngineMemory {
  readonly buffer: ArrayBuffer;
  /** Adds pages of 64 KiB; what was `buffer` before has no bytes from then on. */
  grow(pages: number): number;
}

export const engine = (): Engine => (globalThis as unknown as { readonly WebAssembly: Engine }).WebAssembly;
