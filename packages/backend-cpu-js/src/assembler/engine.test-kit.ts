type Exports = Readonly<Record<string, unknown>>;

/** The part of the engine's `WebAssembly` that tests use; Node's types leave it out. */
interface Engine {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object, imports?: Readonly<Record<string, Exports>>) => { readonly exports: Exports };
  readonly Memory: new (limits: {
    initial: number;
    maximum?: number;
    shared?: boolean;
  }) => { readonly buffer: ArrayBuffer };
  validate(bytes: Uint8Array<ArrayBuffer>): boolean;
}

export const { WebAssembly: engine } = globalThis as unknown as { readonly WebAssembly: Engine };

/** The exports of a new instance; a wrong module throws the engine's own error. */
export function run<E = Record<string, (...args: unknown[]) => any>>(
  bytes: Uint8Array<ArrayBuffer>,
  imports: Readonly<Record<string, Exports>> = {},
): E {
  return new engine.Instance(new engine.Module(bytes), imports).exports as E;
}

/** What the engine says about wrong bytes. */
export function complaint(bytes: Uint8Array<ArrayBuffer>): string {
  try {
    new engine.Module(bytes);
  } catch (error) {
    return (error as Error).message;
  }
  return "no complaint";
}
