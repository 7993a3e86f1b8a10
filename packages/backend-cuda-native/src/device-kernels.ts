import { type DType, dtypes } from "@tenon/ir";
import { ceilDiv, constantIndex, type IndexVariable, indexVariable, type Slot } from "@tenon/lowering";
import type { WorkKernels } from "@tenon/lowering/threads";
import { type KernelSource, kernelSource } from "./cuda/source.ts";

const scalarsOf = (count: number): readonly IndexVariable[] =>
  Array.from({ length: count }, (_, i) => indexVariable(`n${i}`, -1, 2 ** 31 - 1) as IndexVariable);

const slot = (name: string, dtype: DType, access: Slot["access"]): Slot => ({ name, dtype, access });

const THREADS = 256;

/** Unsigned integers of so many bytes: copies keep bits, whatever they mean. */
const unsigned: Readonly<Record<number, DType>> = { 1: "uint8", 2: "uint16", 4: "uint32", 8: "float64" };

const copies = new Map<DType, KernelSource>();

function copy(dtype: DType): KernelSource {
  const width = unsigned[dtypes[dtype].byteLength]!;
  let source = copies.get(width);
  if (source !== undefined) return source;
  const scalars = scalarsOf(3);
  source = kernelSource({
    name: `copy ${width}`,
    threads: THREADS,
    groups: ceilDiv(scalars[2]!, THREADS),
    scalars,
    slots: [slot("from", width, "read"), slot("to", width, "write")],
    declarations: "",
    body: `const int i = group * ${THREADS} + thread;\nif (i < n2) s1[n1 + i] = s0[n0 + i];`,
  });
  copies.set(width, source);
  return source;
}

/** By one thread. Cells of guards are uint32. */
const deciding = (name: string, dtype: "int32" | "bool", scalars: number, body: string): KernelSource =>
  kernelSource({
    name,
    threads: 1,
    groups: constantIndex(1),
    scalars: scalarsOf(scalars),
    slots: [slot("index", dtype, "read"), slot("cells", "uint32", "both")],
    declarations: "",
    body,
  });

/** What copies and decides on the device. */
export const deviceKernels: WorkKernels<KernelSource> = {
  copy,
  choose: deciding(
    "choose a branch",
    "int32",
    4,
    `const bool open = n3 < 0 || s1[n3] != 0u;
const int chosen = min(max((int)s0[n0], 0), n1 - 1);
for (int i = 0; i < n1; i++) s1[n2 + i] = (unsigned)(open && i == chosen);`,
  ),
  proceed: deciding(
    "continue a loop",
    "bool",
    2,
    "const bool open = s0[0] != 0 && (n1 < 0 || s1[n1] != 0u);\ns1[n0] = (unsigned)open;",
  ),
};
