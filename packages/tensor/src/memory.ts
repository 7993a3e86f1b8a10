import { openDevices } from "./device.ts";
import { storageCounters } from "./storage.ts";

/** After so many bytes of results, a read lets finalisers run before it returns. */
const YIELD_AFTER_BYTES = 64 * 2 ** 20;

/** What is alive now. */
export interface MemoryReport {
  /** Storages that a tensor, a Variable or a queued job still refers to. */
  readonly tensors: number;
  /** Their bytes on the host and on devices. */
  readonly hostBytes: number;
  readonly deviceBytes: number;
  /** What each open backend counts itself, temporary buffers included. */
  readonly devices: readonly { readonly id: string; readonly liveBuffers: number; readonly liveBytes: number; readonly cachedPrograms: number }[];
}

/** Exact counters of live tensors and bytes. */
export function memory(): MemoryReport {
  const { storages, hostBytes, deviceBytes } = storageCounters;
  const devices = openDevices().flatMap(({ backend, id }) => (backend === undefined ? [] : [{ id: id!, ...backend.stats() }]));
  return { tensors: storages, hostBytes, deviceBytes, devices };
}

let created = 0;

/** Counts bytes of results, so that a program that only awaits resolved promises still lets finalisers run. */
export function countResult(byteLength: number): void {
  created += byteLength;
}

/** Yields one macrotask when enough has been created since the last one. */
export async function yieldForFinalizers(): Promise<void> {
  if (created < YIELD_AFTER_BYTES) return;
  created = 0;
  await new Promise((resolve) => setTimeout(resolve));
}
