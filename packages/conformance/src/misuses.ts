import type { Backend, Buffer, Capabilities, CompileOptions, Executable } from "@tenon/backend";
import {
  add,
  barrier,
  type DType,
  dimSymbol,
  dtypeNames,
  Fn,
  input,
  MAX_ELEMENTS,
  matmul,
  mul,
  opaque,
  type Tensor,
  type TensorType,
  whileLoop,
} from "@tenon/ir";
import { ENTRY, moduleOf } from "./bench.ts";

const f32 = (...shape: TensorType["shape"]): TensorType => ({ dtype: "float32", shape });

function fn(
  types: readonly TensorType[],
  body: (...xs: Tensor[]) => readonly Tensor[],
  aliases: readonly (number | undefined)[] = [],
): Fn {
  const inputs = types.map((type) => input(type));
  return new Fn("fn", inputs, body(...inputs), aliases);
}

const batch = (): TensorType["shape"][number] => dimSymbol("B", { min: 1, max: 64, multiple: 2 });
export const sum = (): Fn => fn([f32(3), f32(3)], (x, y) => [add(x, y)]);
const inPlace = (): Fn => fn([f32(3), f32(3)], (x, y) => [add(x, y), mul(x, y)], [0]);
const anySize = (): Fn => {
  const size = batch();
  return fn([f32(size), f32(size)], (x, y) => [add(x, y)]);
};
/** The inner product of three matrices has to be somewhere: 4,096 bytes. */
export const large = (): Fn => fn([f32(32, 32)], (x) => [matmul(barrier(matmul(x, x))[0]!, x)]);

/** A misuse, and the code of the error that it must raise: at once, or by rejecting. */
export interface Misuse {
  readonly op: string;
  readonly title: string;
  readonly code: string;
  readonly dtype?: DType;
  misuse(backend: Backend): unknown;
}

export const compiled = (backend: Backend, made: Fn, options?: CompileOptions): Promise<Executable> =>
  backend.compile(moduleOf(made), ENTRY, options);

/** Runs a program on buffers of these sizes; what the results hold is awaited. */
async function ran(
  backend: Backend,
  made: Fn,
  bytes: readonly number[],
  options: Parameters<Executable["run"]>[1] = {},
): Promise<void> {
  const results = (await compiled(backend, made)).run(
    bytes.map((n) => backend.alloc(n)),
    options,
  );
  for (const buffer of results) await backend.read(buffer);
}

export const misuses: readonly Misuse[] = [
  { op: "compile", title: "an unknown entry", code: "E506", misuse: (b) => b.compile(moduleOf(sum()), "mian") },
  {
    op: "compile",
    title: "a module that is not verified",
    code: "E507",
    misuse: (b) => b.compile({ ...moduleOf(sum()) }, ENTRY),
  },
  {
    op: "compile",
    title: "an unknown option",
    code: "E801",
    misuse: (b) => compiled(b, sum(), { fuse: "on" } as object),
  },
  {
    op: "compile",
    title: "a memory budget below the plan",
    code: "E539",
    misuse: (b) => compiled(b, large(), { memoryBudget: 1000 }),
  },
  {
    op: "run",
    title: "a memory budget below the plan of a symbolic program",
    code: "E539",
    async misuse(b) {
      const size = batch();
      const made = fn([f32(size, 64)], (x) => [matmul(barrier(matmul(x, x.transpose()))[0]!, x)]);
      const program = await compiled(b, made, { memoryBudget: 1000 });
      await b.read(program.run([b.alloc(4 * 64 * 64)], { dims: { B: 64 } })[0]!);
    },
  },
  { op: "run", title: "too few buffers", code: "E531", misuse: (b) => ran(b, sum(), [12]) },
  { op: "run", title: "too many buffers", code: "E531", misuse: (b) => ran(b, sum(), [12, 12, 12]) },
  { op: "run", title: "a buffer that is too small", code: "E531", misuse: (b) => ran(b, sum(), [12, 8]) },
  { op: "run", title: "a buffer that is too large", code: "E531", misuse: (b) => ran(b, sum(), [16, 12]) },
  {
    op: "run",
    title: "a result buffer of another size",
    code: "E531",
    misuse: (b) => ran(b, sum(), [12, 12], { results: [b.alloc(16)] }),
  },
  {
    op: "run",
    title: "one buffer for two inputs of which one is written",
    code: "E533",
    async misuse(b) {
      const x = b.alloc(12);
      (await compiled(b, inPlace())).run([x, x]);
    },
  },
  {
    op: "run",
    title: "a result in the buffer of an argument that is read",
    code: "E533",
    async misuse(b) {
      const [x, y] = [b.alloc(12), b.alloc(12)];
      (await compiled(b, sum())).run([x, y], { results: [y] });
    },
  },
  {
    op: "run",
    title: "a result elsewhere than its alias",
    code: "E533",
    misuse: (b) => ran(b, inPlace(), [12, 12], { results: [b.alloc(12)] }),
  },
  {
    op: "run",
    title: "a buffer of another backend",
    code: "E532",
    misuse: async (b) => (await compiled(b, sum())).run([b.alloc(12), foreign]),
  },
  {
    op: "run",
    title: "a released argument",
    code: "E535",
    async misuse(b) {
      const [x, y] = [b.alloc(12), b.alloc(12)];
      const program = await compiled(b, sum());
      y.release();
      await b.read(program.run([x, y])[0]!);
    },
  },
  { op: "run", title: "a size without a value", code: "E522", misuse: (b) => ran(b, anySize(), [8, 8]) },
  {
    op: "run",
    title: "a size that is no multiple",
    code: "E522",
    misuse: (b) => ran(b, anySize(), [12, 12], { dims: { B: 3 } }),
  },
  {
    op: "run",
    title: "a size outside its range",
    code: "E522",
    misuse: (b) => ran(b, anySize(), [264, 264], { dims: { B: 66 } }),
  },
  {
    op: "run",
    title: "a size that does not exist",
    code: "E523",
    misuse: (b) => ran(b, anySize(), [8, 8], { dims: { B: 2, C: 2 } }),
  },
  {
    op: "run",
    title: "sizes that are not those of the buffers",
    code: "E531",
    misuse: (b) => ran(b, anySize(), [8, 8], { dims: { B: 4 } }),
  },
  {
    op: "run",
    title: "a program that was disposed of",
    code: "E538",
    async misuse(b) {
      const program = await compiled(b, sum());
      program.dispose();
      await b.read(program.run([b.alloc(12), b.alloc(12)])[0]!);
    },
  },
  { op: "alloc", title: "a negative size", code: "E534", misuse: (b) => b.alloc(-4) },
  { op: "alloc", title: "a fractional size", code: "E534", misuse: (b) => b.alloc(1.5) },
  {
    op: "alloc",
    title: "more bytes than a buffer can have",
    code: "E534",
    misuse: (b) => b.alloc(b.caps.limits.maxBufferBytes + 1),
  },
  {
    op: "alloc",
    title: "a group of which one is larger than the largest buffer",
    code: "E534",
    misuse: (b) => b.allocGroup([4, b.caps.limits.maxBufferBytes + 1], "slot"),
  },
  { op: "read", title: "bytes beyond the end", code: "E536", misuse: (b) => b.read(b.alloc(8), 4, 8) },
  { op: "read", title: "bytes before the beginning", code: "E536", misuse: (b) => b.read(b.alloc(8), -4, 4) },
  { op: "read", title: "a released buffer", code: "E535", misuse: (b) => b.read(released(b)) },
  {
    op: "write",
    title: "bytes beyond the end",
    code: "E536",
    misuse: (b) => b.write(b.alloc(8), new Uint8Array(8), 4),
  },
  { op: "write", title: "a released buffer", code: "E535", misuse: (b) => b.write(released(b), new Uint8Array(4)) },
  { op: "copy", title: "buffers of different sizes", code: "E531", misuse: (b) => b.copy(b.alloc(8), b.alloc(4)) },
  { op: "copy", title: "a released buffer", code: "E535", misuse: (b) => b.copy(b.alloc(4), released(b)) },
  { op: "close", title: "an allocation after it", code: "E537", misuse: (b) => b.close().then(() => b.alloc(4)) },
  {
    op: "close",
    title: "a compilation after it",
    code: "E537",
    misuse: (b) => b.close().then(() => compiled(b, sum())),
  },
];

const foreign: Buffer = { bytes: 12, backend: "another", release() {} };

function released(backend: Backend): Buffer {
  const buffer = backend.alloc(4);
  buffer.release();
  return buffer;
}

/** What the capabilities leave out. */
export function excluded(caps: Capabilities): readonly Misuse[] {
  const found: Misuse[] = dtypeNames
    .filter((dtype) => caps.dtypes[dtype] === undefined)
    .map((dtype) => ({
      op: "compile",
      title: "a dtype that the backend does not have",
      dtype,
      code: "E511",
      misuse: (b) =>
        compiled(
          b,
          fn([{ dtype, shape: [2] }], (x) => [x.reverse()]),
        ),
    }));
  const types = [f32(2)];
  found.push({
    op: "compile",
    title: "an opaque op of another target",
    code: "E514",
    misuse: (b) =>
      compiled(
        b,
        fn(types, (x) => opaque({ target: "nowhere.topk", version: 1, types }, [x])),
      ),
  });
  if (!caps.features.includes("unbounded-while"))
    found.push({
      op: "compile",
      title: "a loop without a bound",
      code: "E514",
      misuse: (b) =>
        compiled(
          b,
          fn([f32()], (x) =>
            whileLoop(
              ([y]) => y!.less(10),
              ([y]) => [y!.mul(3)],
              [x],
            ),
          ),
        ),
    });
  if (caps.limits.elements < MAX_ELEMENTS)
    found.push({
      op: "compile",
      title: "more elements than the backend allows",
      code: "E513",
      misuse: (b) =>
        compiled(
          b,
          fn([f32(caps.limits.elements + 1)], (x) => [x.neg()]),
        ),
    });
  return found;
}
