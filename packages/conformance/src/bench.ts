import {
  type Backend,
  type Buffer,
  bindDims,
  byteLengthOf,
  type Capabilities,
  type CompileOptions,
  checkModule,
  concreteType,
  type DTypeUsage,
  type Executable,
} from "@tenon/backend";
import {
  buildModule,
  decodeElements,
  type Elements,
  encodeElements,
  type Fn,
  TenonError,
  type VerifiedModule,
} from "@tenon/ir";
import { verify } from "@tenon/ir/verify";

/** The only entry of the kit's modules. */
export const ENTRY = "main";

export const moduleOf = (fn: Fn): VerifiedModule => verify(buildModule({ entries: { [ENTRY]: fn } }));

/** Thrown by a check where the backend refuses, rightly, what it says it does not have. */
export class Unsupported extends Error {}

const usages: readonly DTypeUsage[] = ["store", "convert", "arith", "dot"];
/** The dtypes that no backend may lack: tier 1, and the bytes that it can at least store and convert. */
const everywhere: Capabilities["dtypes"] = {
  ...{ bool: usages, int32: usages, uint32: usages, float32: usages },
  ...{ int8: ["store", "convert"], uint8: ["store", "convert"] },
};

/**
 * Compiles a function. Where the capabilities exclude it, the refusal must come with the code that `@tenon/backend`
 * documents, and the check ends there.
 */
export async function compileOn(backend: Backend, fn: Fn, options?: CompileOptions): Promise<Executable> {
  const module = moduleOf(fn);
  const refusal = expectedRefusal(backend.caps, module);
  if (refusal === undefined) return backend.compile(module, ENTRY, options);
  try {
    (await backend.compile(module, ENTRY, options)).dispose();
  } catch (error) {
    if (error instanceof TenonError && error.code === refusal.code) throw new Unsupported(String(error));
    throw new Error(`the refusal should be\n${refusal}\nbut is\n${error}`);
  }
  throw new Error(`the capabilities exclude what was compiled without an error:\n${refusal}`);
}

function expectedRefusal(caps: Capabilities, module: VerifiedModule): TenonError | undefined {
  const refusal = refusalOf(caps, module);
  if (refusal === undefined) return undefined;
  const optional =
    refusal.code === "E514" ||
    (refusal.code === "E511" && refusalOf({ ...caps, dtypes: everywhere }, module) !== undefined);
  if (optional) return refusal;
  throw new Error(`every backend has to run this, and the capabilities exclude it:\n${refusal}`);
}

function refusalOf(caps: Capabilities, module: VerifiedModule): TenonError | undefined {
  try {
    checkModule(caps, module, ENTRY);
    return undefined;
  } catch (error) {
    if (error instanceof TenonError) return error;
    throw error;
  }
}

/** A buffer that holds these elements. */
export function upload(backend: Backend, { dtype, data }: Elements): Buffer {
  const bytes = encodeElements(dtype, data);
  const buffer = backend.alloc(bytes.byteLength);
  backend.write(buffer, bytes);
  return buffer;
}

export interface RunOn {
  readonly options?: CompileOptions;
  /** So many runs of one executable. */
  readonly repeat?: number;
}

/** Compiles, runs, reads and releases: the results of all runs, one after another. Symbols are bound by the arguments. */
export async function runOn(
  backend: Backend,
  fn: Fn,
  args: readonly Elements[],
  { options, repeat = 1 }: RunOn = {},
): Promise<readonly Elements[]> {
  const executable = await compileOn(backend, fn, options);
  const held = new Set<Buffer>();
  try {
    const found: Elements[] = [];
    for (let i = 0; i < repeat; i++) {
      const buffers = args.map((x) => upload(backend, x));
      for (const buffer of buffers) held.add(buffer);
      const results = runWith(executable, args, buffers);
      for (const buffer of results) held.add(buffer);
      found.push(...(await download(backend, executable, args, results)));
    }
    return found;
  } finally {
    for (const buffer of held) buffer.release();
    executable.dispose();
  }
}

/** The symbols' values by the shapes of the arguments. */
export const dimsOf = ({ signature }: Executable, args: readonly Elements[]): Readonly<Record<string, number>> =>
  Object.fromEntries(
    bindDims(
      signature,
      args.map((x) => x.shape),
    ),
  );

export const runWith = (
  executable: Executable,
  args: readonly Elements[],
  buffers: readonly Buffer[],
  results?: readonly (Buffer | undefined)[],
): readonly Buffer[] =>
  executable.run(buffers, { dims: dimsOf(executable, args), ...(results !== undefined && { results }) });

/** The results' elements, read at once. */
export async function download(
  backend: Backend,
  executable: Executable,
  args: readonly Elements[],
  buffers: readonly Buffer[],
): Promise<Elements[]> {
  const bindings = new Map(Object.entries(dimsOf(executable, args)));
  const types = executable.signature.results.map(({ type }) => concreteType(type, bindings));
  const bytes = await Promise.all(buffers.map((buffer) => backend.read(buffer)));
  return types.map((type, i): Elements => {
    const wanted = byteLengthOf(type);
    if (bytes[i]!.byteLength !== wanted)
      throw new Error(`result ${i} has ${bytes[i]!.byteLength} bytes, not ${wanted}`);
    if (type.dtype === "bool" && bytes[i]!.some((byte) => byte > 1))
      throw new Error(`result ${i} is bool, and has bytes that are neither 0 nor 1`);
    return { ...type, data: decodeElements(type.dtype, bytes[i]!) };
  });
}
