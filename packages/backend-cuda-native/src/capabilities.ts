import { ABI, type Capabilities, type DTypeUsage } from "@tenon/backend";
import { type DType, IR_VERSION, MAX_ELEMENTS, MAX_RANK, opsetVersion, standardOpsets } from "@tenon/ir";
import { ALIGNMENT } from "./memory.ts";
import type { DeviceFacts } from "./native.ts";

const usages: readonly DTypeUsage[] = ["store", "convert", "arith", "dot"];
const dtypes: readonly DType[] = [
  ...(["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32"] as const),
  ...(["float16", "bfloat16", "float32", "float64"] as const),
];

/** Bytes of shared memory that every device has without being asked. */
export const SHARED_BYTES = 49_152;
export const MAX_THREADS = 1024;

/** What the backend can do on a device, with the libraries that compute for it, by name and version. */
export const capabilities = (
  { name, major, minor, totalBytes }: DeviceFacts,
  driver: number,
  libraries: readonly string[] = [],
): Capabilities => ({
  abi: ABI,
  ir: [[1, 0], IR_VERSION],
  opsets: Object.fromEntries(standardOpsets.map((opset) => [opset, opsetVersion(opset)!])),
  dtypes: Object.fromEntries(dtypes.map((dtype) => [dtype, usages])),
  level: "ieee",
  limits: {
    rank: MAX_RANK,
    elements: MAX_ELEMENTS,
    maxBufferBytes: totalBytes,
    maxBindingBytes: totalBytes,
    maxBuffersPerKernel: Number.MAX_SAFE_INTEGER,
    sharedBytes: SHARED_BYTES,
    maxThreads: MAX_THREADS,
  },
  memory: { plan: "range", align: ALIGNMENT },
  features: ["own-memory"],
  device: {
    ...{ vendor: "nvidia", name },
    fingerprint: [name, `sm_${major}${minor}`, `driver ${driver}`, ...libraries].join(", "),
  },
});
