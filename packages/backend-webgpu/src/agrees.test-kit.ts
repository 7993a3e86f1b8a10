import { type Backend, type Buffer, bindDims } from "@tenon/backend";
import { evaluateFn } from "@tenon/interpreter";
import {
  buildModule,
  decodeElements,
  type Elements,
  encodeElements,
  Fn,
  input,
  type Tensor,
  type TensorType,
} from "@tenon/ir";
import { verify } from "@tenon/ir/verify";
import { expect } from "vitest";
import { webgpu } from "./backend.ts";
import { softwareGpu } from "./gpu.test-kit.ts";

export const f32 = (...shape: TensorType["shape"]): TensorType => ({ dtype: "float32", shape });
export const i32 = (...shape: TensorType["shape"]): TensorType => ({ dtype: "int32", shape });

export function fnOf(
  types: readonly TensorType[],
  body: (...xs: Tensor[]) => readonly Tensor[],
  aliases?: readonly (number | undefined)[],
): Fn {
  const inputs = types.map((type) => input(type));
  return new Fn("main", inputs, body(...inputs), ...(aliases === undefined ? [] : [aliases as never]));
}

/** A backend on the software adapter, with poisoned memory. */
export const open = (): Promise<Backend> => webgpu({ gpu: softwareGpu(), debug: { poison: true } }).create();

export const compiled = (backend: Backend, fn: Fn) =>
  backend.compile(verify(buildModule({ entries: { main: fn } })), "main");

export function upload(backend: Backend, { dtype, data }: Elements): Buffer {
  const bytes = encodeElements(dtype, data);
  const buffer = backend.alloc(bytes.length);
  backend.write(buffer, bytes);
  return buffer;
}

export const numbers = (type: TensorType, data: readonly number[]): Elements => ({
  dtype: type.dtype,
  shape: type.shape as readonly number[],
  data: Float64Array.from(data),
});

/** Small whole numbers, whose sums are exact. */
export const count = (...shape: number[]): Elements => {
  const size = shape.reduce((n, d) => n * d, 1);
  return numbers(
    f32(...shape),
    Array.from({ length: size }, (_, i) => (i % 7) - 3),
  );
};

/** The results of one program for each list of arguments are those of the interpreter. */
export async function agrees(fn: Fn, ...lists: readonly (readonly Elements[])[]): Promise<void> {
  const backend = await open();
  const program = await compiled(backend, fn);
  for (const args of lists) {
    const dims = Object.fromEntries(
      bindDims(
        program.signature,
        args.map((x) => x.shape),
      ),
    );
    const results = program.run(
      args.map((x) => upload(backend, x)),
      { dims },
    );
    const expected = evaluateFn(fn, args);
    for (const [i, { dtype, data }] of expected.entries())
      expect([...decodeElements(dtype, await backend.read(results[i]!))]).toEqual([...data]);
  }
  await backend.sync();
  await backend.close();
}
