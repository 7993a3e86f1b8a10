import { type DType, dtypes } from "@tenon/ir";
import { ceilDiv, type IndexVariable, indexVariable } from "@tenon/lowering";
import type { KernelSource } from "./wgsl/source.ts";

const THREADS = 256; // WebGPU's default limit

/** Unsigned integers of so many bytes: copies keep bits, whatever they mean. */
const unsigned: Readonly<Record<number, DType>> = { 1: "uint8", 2: "uint16", 4: "uint32" };

const sources = new Map<DType, KernelSource>();

/** Copies `n2` elements from element `n0` of the first slot to element `n1` of the second. */
export function copySource(dtype: DType): KernelSource {
  const width = unsigned[dtypes[dtype].byteLength]!;
  let source = sources.get(width);
  if (source !== undefined) return source;
  const scalars = [0, 1, 2].map((i) => indexVariable(`n${i}`, 0, 2 ** 31 - 1) as IndexVariable);
  source = {
    name: `copy ${width}`,
    threads: THREADS,
    groups: ceilDiv(scalars[2]!, THREADS),
    scalars,
    slots: [
      { dtype: width, access: "read", vectors: false },
      { dtype: width, access: "write", vectors: false },
    ],
    declarations: "",
    body: `let i = i32(group * ${THREADS}u + thread);
if (i < n2) { store1(n1 + i, load0(n0 + i)); }`,
  };
  sources.set(width, source);
  return source;
}
