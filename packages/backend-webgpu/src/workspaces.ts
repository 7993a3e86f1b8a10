import type { DeviceBuffer } from "./device-buffers.ts";
import type { Explain } from "./faults.ts";
import type { Memory } from "./memory.ts";

interface Lent {
  readonly home: DeviceBuffer;
  plans: number;
}

/**
 * Buffers for temporaries. What one program has computed is not needed when the next one runs, so that all of them use the same
 * buffers, as far as these are of one size.
 */
export class Workspaces {
  readonly #memory: Memory;
  readonly #lent = new Map<string, Lent[]>();

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** Buffers for one plan, no two of them the same. */
  lend(
    sizes: readonly { readonly bytes: number; readonly shared: boolean }[],
    explain: Explain,
  ): readonly DeviceBuffer[] {
    const counts = new Map<string, number>();
    return sizes.map(({ bytes, shared }) => {
      const key = `${bytes} ${shared}`;
      const count = counts.get(key) ?? 0;
      counts.set(key, count + 1);
      let list = this.#lent.get(key);
      if (list === undefined) this.#lent.set(key, (list = []));
      if (list[count] === undefined || list[count].home.failure !== undefined)
        list[count] = { home: this.#memory.own(bytes, this.#memory.storage, explain, shared), plans: 0 };
      list[count].plans++;
      return list[count].home;
    });
  }

  /** Takes the buffers of a plan back. */
  giveBack(homes: readonly DeviceBuffer[]): void {
    for (const home of homes) {
      for (const [key, list] of this.#lent) {
        const at = list.findIndex((lent) => lent.home === home);
        if (at < 0) continue;
        if (--list[at]!.plans > 0) break;
        list.splice(at, 1);
        if (list.length === 0) this.#lent.delete(key);
        this.#memory.giveBack(home);
        break;
      }
    }
  }
}
