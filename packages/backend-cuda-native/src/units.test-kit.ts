import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type KernelSource, programText } from "./cuda/source.ts";

/** Most translation units that kernels are divided into; the last one has what is left. */
const MOST_UNITS = 40;
/** Enough that what every unit begins with takes little of its time. */
const PER_UNIT = 160;

/** Runs a program; rejects with what it printed where it fails. */
function ran(file: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ["ignore", "ignore", "pipe"] });
    let text = "";
    child.stderr.on("data", (part) => {
      text += part;
    });
    child.on("error", reject);
    child.on("close", (status) => (status === 0 ? resolve() : reject(new Error(text.slice(0, 4000)))));
  });
}

/** Jobs that run at once are as many as there are processors; those of the first kind go before the others. */
class Jobs {
  readonly #waiting: [(() => Promise<void>)[], (() => Promise<void>)[]] = [[], []];
  #running = 0;

  add(kind: 0 | 1, work: () => Promise<void>): Promise<void> {
    const done = new Promise<void>((resolve, reject) => {
      this.#waiting[kind].push(() => work().then(resolve, reject));
    });
    done.catch(() => {}); // whoever awaits it later is told
    void this.#start();
    return done;
  }

  async #start(): Promise<void> {
    if (this.#running >= availableParallelism()) return;
    this.#running++;
    for (let work = this.#next(); work !== undefined; work = this.#next()) await work();
    this.#running--;
  }

  #next(): (() => Promise<void>) | undefined {
    return this.#waiting[0].shift() ?? this.#waiting[1].shift();
  }
}

/** How a compiler is called for a unit. */
export type Command = (source: string, target: string) => readonly [string, ...string[]];

/** Kernels in few translation units, each of which is compiled as soon as it is full, since compilers take long to start. */
export class Units {
  readonly #folder: string;
  readonly #commands: readonly [processor: Command, device: Command | undefined];
  readonly #jobs = new Jobs();
  readonly #full: Promise<void>[][] = [[], []];
  readonly #index: string[] = [];
  #open: KernelSource[] = [];
  #count = 0;

  constructor(folder: string, processor: Command, device: Command | undefined) {
    this.#folder = folder;
    this.#commands = [processor, device];
    mkdirSync(folder, { recursive: true });
  }

  add(source: KernelSource): void {
    this.#open.push(source);
    if (this.#open.length === PER_UNIT && this.#count < MOST_UNITS - 1) this.#close();
  }

  /** What `TENON_EMULATION_INDEX` names: the library of each kernel, once all are compiled for the processor. */
  async index(): Promise<string> {
    this.#close();
    await Promise.all(this.#full[0]!);
    const path = join(this.#folder, "index");
    writeFileSync(path, this.#index.join("\n"));
    return path;
  }

  /** Rejects where one was not compiled for devices. */
  async forDevices(): Promise<void> {
    await Promise.all(this.#full[1]!);
  }

  #close(): void {
    const sources = this.#open.splice(0);
    if (sources.length === 0) return;
    const unit = join(this.#folder, `unit${this.#count++}`);
    const text = programText(sources);
    for (const kind of [0, 1] as const) {
      const command = this.#commands[kind];
      if (command === undefined) continue;
      const [path, target] = kind === 0 ? [`${unit}.cpp`, `${unit}.so`] : [`${unit}.cu`, `${unit}.fatbin`];
      writeFileSync(path, text);
      const [file, ...args] = command(path, target);
      this.#full[kind]!.push(this.#jobs.add(kind, () => ran(file, args)));
    }
    this.#index.push(...sources.map(({ symbol }) => `${symbol} ${unit}.so`));
  }
}
