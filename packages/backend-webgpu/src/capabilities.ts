import { ABI, type Capabilities, type DTypeUsage } from "@tenon/backend";
import { type DType, IR_VERSION, MAX_ELEMENTS, MAX_RANK, opsetVersion, standardOpsets } from "@tenon/ir";
import type { AcquiredDevice } from "./device.ts";
import { CELL } from "./slab.ts";

const usages: readonly DTypeUsage[] = ["store", "convert", "arith", "dot"];
const dtypes: readonly DType[] = [
  ...(["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32"] as const),
  ...(["float16", "bfloat16", "float32"] as const),
];

/** What the backend can do on a device. A device that is replaceable is so when it is lost. */
export function capabilities(
  { adapter, features }: AcquiredDevice,
  limits: GPUSupportedLimits,
  maxBufferBytes: number,
  isReplaceable: boolean,
): Capabilities {
  return {
    abi: ABI,
    ir: [[1, 0], IR_VERSION],
    opsets: Object.fromEntries(standardOpsets.map((name) => [name, opsetVersion(name)!])),
    dtypes: Object.fromEntries(dtypes.map((dtype) => [dtype, usages])),
    level: "portable",
    limits: {
      rank: MAX_RANK,
      elements: MAX_ELEMENTS,
      maxBufferBytes,
      maxBindingBytes: limits.maxStorageBufferBindingSize,
      maxBuffersPerKernel: limits.maxStorageBuffersPerShaderStage,
      sharedBytes: limits.maxComputeWorkgroupStorageSize,
      maxThreads: limits.maxComputeInvocationsPerWorkgroup,
    },
    memory: { plan: "whole", align: CELL },
    features: [
      ...(features.has("subgroups") ? ["subgroups"] : []),
      ...(features.has("timestamp-query") ? ["timestamps"] : []),
      ...(isReplaceable ? ["may-lose-device"] : []),
    ],
    device: { vendor: adapter.vendor, name: adapter.name, fingerprint: adapter.fingerprint },
  };
}
