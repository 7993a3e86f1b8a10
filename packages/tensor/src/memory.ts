import { openDevices } from "./device.ts";
import { storageCounters } from "./storage.ts";

/** After so many bytes of results, or so long, a call gives way to the rest of the program before it returns. */
const YIELD_AFTER_BYTES = 64 * 2 ** 20;
const YIELD_AFTER_MS = 50;

/** What is alive now. */
export interface MemoryReport {
  /** Storages that a tensor, a Variable or a queued job still refers to. */
  readonly tensors: number;
  /** Their bytes on the host and on devices. */
  readonly hostBytes: number;
  readonly deviceBytes: number;
  /** What each open backend counts itself, temporary buffers included. */
  readonly devices: readonly {
    readonly id: string;
    readonly liveBuffers: number;
    readonly liveBytes: number;
    readonly cachedPrograms: number;
    readonly peakBytes?: number;
    readonly reservedBytes?: number;
  }[];
}

/** Exact counters of live tensors and bytes. */
export function memory(): MemoryReport {
  const { storages, hostBytes, deviceBytes } = storageCounters;
  const devices = openDevices().flatMap(({ backend, id }) =>
    backend === undefined ? [] : [{ id: id!, ...backend.stats() }],
  );
  return { tensors: storages, hostBytes, deviceBytes, devices };
}

let created = 0;
let yielded = performance.now();

/** Counts bytes of results towards the next yield. */
export function countResult(byteLength: number): void {
  created += byteLength;
}

/**
 * Yields one macrotask when enough has been created, or enough time has passed, since the last one: a loop that only
 * awaits what is already there would otherwise keep finalisers, signals, timers and a page's painting waiting.
 */
export async function yieldToHost(): Promise<void> {
  const now = performance.now();
  if (created < YIELD_AFTER_BYTES && now - yielded < YIELD_AFTER_MS) return;
  created = 0;
  await new Promise<void>((resolve) => {
    if (typeof setImmediate === "function") setImmediate(resolve);
    else setTimeout(resolve);
  });
  yielded = performance.now();
}
