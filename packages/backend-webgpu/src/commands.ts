import { explainAs } from "./faults.ts";
import type { LiveDevice } from "./live-device.ts";

/** How long a run waits for somebody to read what it computes, so that both are one submission. */
const PATIENCE_MS = 3;

/**
 * What is to be done on the device, in order: one encoder with one compute pass, which stays open until somebody waits for
 * it or nobody does for a while.
 */
export class Commands {
  /** Command buffers that were submitted. */
  submits = 0;
  readonly #live: LiveDevice;
  #encoder: GPUCommandEncoder | undefined;
  #pass: GPUComputePassEncoder | undefined;
  #from = 0;
  #afterwards: (() => void)[] = [];
  #soon = false;

  constructor(live: LiveDevice) {
    this.#live = live;
    live.onLoss(() => {
      this.#encoder = undefined;
      this.#pass = undefined;
      this.#finish();
    });
  }

  /** Whether there is something that was not submitted. */
  get open(): boolean {
    return this.#encoder !== undefined;
  }

  /** The compute pass, for the run of that time. */
  pass(time: number): GPUComputePassEncoder {
    this.#pass ??= this.#open(time).beginComputePass();
    return this.#pass;
  }

  /** The encoder between passes, for copies. */
  encoder(): GPUCommandEncoder {
    const encoder = this.#open(this.#live.faults.tick());
    this.#pass?.end();
    this.#pass = undefined;
    return encoder;
  }

  /** Calls back once all that was recorded so far is submitted. */
  afterSubmit(callback: () => void): void {
    if (this.open) this.#afterwards.push(callback);
    else callback();
  }

  /** Submits at the end of this task, so that what one task asks for is one submission. */
  flushSoon(): Promise<void> {
    if (!this.#soon) {
      this.#soon = true;
      queueMicrotask(() => {
        this.#soon = false;
        this.flush();
      });
    }
    return new Promise((resolve) => this.afterSubmit(resolve));
  }

  /** Submits what was recorded. */
  flush(): void {
    const encoder = this.#encoder;
    if (encoder === undefined) return;
    this.#pass?.end();
    this.#pass = undefined;
    this.#encoder = undefined;
    const { faults, device } = this.#live;
    faults.watch(device, this.#from, explainAs("webgpu", "a run"), () => device.queue.submit([encoder.finish()]));
    this.submits++;
    this.#finish();
  }

  #open(time: number): GPUCommandEncoder {
    if (this.#encoder !== undefined) return this.#encoder;
    this.#from = time;
    const encoder = this.#live.device.createCommandEncoder();
    this.#encoder = encoder;
    setTimeout(() => {
      if (this.#encoder === encoder) this.flush();
    }, PATIENCE_MS);
    return encoder;
  }

  #finish(): void {
    const callbacks = this.#afterwards;
    this.#afterwards = [];
    for (const callback of callbacks) callback();
  }
}
