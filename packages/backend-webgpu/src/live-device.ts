import { BackendError, type TenonError } from "@tenon/ir";
import type { AcquiredDevice } from "./device.ts";
import { explainAs, Faults } from "./faults.ts";

/** How another device is acquired in place of one that was lost. */
export type Acquire = () => Promise<AcquiredDevice>;

/**
 * The device, and after it was lost the next one. What was made of an earlier device has an earlier `generation`, and
 * has to be made again.
 */
export class LiveDevice {
  readonly faults = new Faults();
  readonly limits: GPUSupportedLimits;
  readonly features: ReadonlySet<string>;
  readonly #acquire: Acquire | undefined;
  readonly #onLoss: (() => void)[] = [];
  #device: GPUDevice | undefined;
  #generation = 1;
  #recovery: Promise<void> | undefined;
  #waiting: (() => void)[] = [];
  #gone: TenonError | undefined;
  #closed = false;

  /** `acquire` is undefined for a device of the application's own, which is neither replaced nor destroyed. */
  constructor(device: GPUDevice, acquire: Acquire | undefined) {
    this.limits = device.limits;
    this.features = new Set(device.features);
    this.#acquire = acquire;
    this.#take(device);
  }

  get generation(): number {
    return this.#generation;
  }

  /** Whether there is a device; false between the loss of one and the next one's arrival. */
  get present(): boolean {
    return this.#device !== undefined;
  }

  /** The device. Error: E543 while there is none. */
  get device(): GPUDevice {
    if (this.#device !== undefined) return this.#device;
    throw this.#gone ?? deviceLost("there is no other one yet");
  }

  /** Calls back when a device is lost, before its successor is there. */
  onLoss(callback: () => void): void {
    this.#onLoss.push(callback);
  }

  /** Runs what needs a device: now, or when there is one again, in order. Error: E543 where none can be had. */
  whenPresent(run: () => void): void {
    if (this.present) run();
    else if (this.#gone !== undefined) throw this.#gone;
    else this.#waiting.push(run);
  }

  /** Waits until there is a device. Error: E543 where none can be had. */
  async recovered(): Promise<void> {
    await this.#recovery;
    if (this.#gone !== undefined) throw this.#gone;
  }

  /** Waits until it is known that the device of that generation was lost, and for the next one. */
  async afterLoss(generation: number): Promise<void> {
    if (this.#generation === generation) await this.#device?.lost;
    await this.recovered();
  }

  close(): void {
    this.#closed = true;
    if (this.#acquire !== undefined) this.#device?.destroy();
  }

  #take(device: GPUDevice): void {
    this.#device = device;
    if (this.#acquire !== undefined)
      device.addEventListener("uncapturederror", ({ error }) => {
        this.faults.add(explainAs("webgpu", "a call of the device")(error.message, "validation"), this.faults.tick());
      });
    void device.lost.then(({ reason, message }) => {
      if (this.#closed || this.#device !== device) return;
      this.#device = undefined;
      this.#generation++;
      this.faults.lose(deviceLost(message === "" ? reason : message));
      this.#recovery = this.#replace();
      for (const callback of this.#onLoss) callback();
    });
  }

  async #replace(): Promise<void> {
    if (this.#acquire === undefined) {
      this.#gone = deviceLost("it was the application's own");
      return;
    }
    try {
      const { device } = await this.#acquire();
      if (this.#closed) device.destroy();
      else this.#take(device);
    } catch (cause) {
      this.#gone = deviceLost("no other one can be had", cause);
      return;
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const run of waiting) run();
  }
}

const deviceLost = (why: string, cause?: unknown): BackendError =>
  new BackendError("E543", "webgpu", `the device was lost: ${why.trim().split("\n")[0]}`, {
    fix: "write again what is to be kept, such as parameters, and go on; what was on the device is gone",
    cause,
  });
