import { OptionError, valueText } from "@tenon/tensor";
import type { EpochRecord } from "./history.ts";
import type { Logs } from "./model.ts";
import { checkKnown } from "./options.ts";
import { barText, durationText, logsText, rateText } from "./progress-text.ts";

const modes = ["auto", "bar", "lines", "quiet"] as const;

export interface ProgressOptions {
  /**
   * `bar`: one line that is drawn anew; `lines`: a line per epoch, and one every ten seconds within it; `quiet`: nothing.
   * `auto` takes the bar on a terminal, outside of continuous integration.
   */
  readonly mode?: (typeof modes)[number];
  /** Where texts go; by default the standard error output, in a page the console. */
  readonly write?: (text: string) => void;
  /** Width of a line; by default the terminal's. */
  readonly columns?: number;
  /** Milliseconds, from any beginning. */
  readonly now?: () => number;
}

/** How progress is shown: a mode, `false` for none, or options. */
export type ProgressChoice = (typeof modes)[number] | boolean | ProgressOptions;

/** The parts of Node's `process` that are used where they exist. */
interface Host {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly stderr?: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number };
}

/** To the beginning of the line, which is cleared. */
const ERASE = "\r\u001b[2K";
/** Between two drawings of the bar; more is not seen. */
const BAR_MS = 100;
const LINES_MS = 10_000;

/** What is known of an epoch while it runs. */
export interface EpochState {
  readonly epoch: number;
  readonly epochs: number;
  readonly batch: number;
  readonly batches: number;
  /** Examples since the epoch, or the part of it that is run, began. */
  readonly examples: number;
  /** Batches of the epoch that were run before. */
  readonly skipped: number;
}

/** Writes what a training comes to, to a terminal or a log. */
export class Progress {
  readonly mode: "bar" | "lines" | "quiet";
  readonly #write: (text: string) => void;
  readonly #columns: number;
  readonly #now: () => number;
  #begun = 0;
  #shown = 0;
  #drawn = false;
  #rate: number | undefined;

  constructor(choice: ProgressChoice = "auto") {
    const options = typeof choice === "object" && choice !== null ? choice : { mode: modeOf(choice) };
    checkKnown("progress", options, ["mode", "write", "columns", "now"]);
    const { process } = globalThis as { process?: Host };
    const { stderr, env } = process ?? {};
    const { mode = "auto" } = options;
    if (!modes.includes(mode)) throw unknownMode(mode);
    const isTerminal = stderr?.isTTY === true && env?.CI === undefined && env?.TERM !== "dumb";
    this.mode = mode !== "auto" ? mode : isTerminal ? "bar" : "lines";
    this.#write = options.write ?? ((text) => (stderr === undefined ? toConsole(text) : stderr.write(text)));
    this.#columns = options.columns ?? stderr?.columns ?? 100; // some terminals do not tell
    this.#now = options.now ?? (() => performance.now());
  }

  /** A line by itself. */
  note(text: string): void {
    if (this.mode === "quiet") return;
    this.#erase();
    this.#write(`${text}\n`);
  }

  epochBegins(): void {
    this.#begun = this.#shown = this.#now();
  }

  /** Whether it is time to show something. */
  get isDue(): boolean {
    if (this.mode === "quiet") return false;
    return this.#now() - this.#shown >= (this.mode === "bar" ? BAR_MS : LINES_MS);
  }

  /** Shows how far the epoch is. */
  update(state: EpochState, logs: Logs): void {
    if (this.mode === "quiet") return;
    this.#shown = this.#now();
    const { epoch, epochs, batch, batches, examples, skipped } = state;
    const seconds = (this.#shown - this.#begun) / 1000;
    const left = (seconds / Math.max(batch - skipped, 1)) * (batches - batch);
    const head = `epoch ${epoch}/${epochs}`;
    const tail = [`${batch}/${batches}`, `${durationText(left)} left`, rateText(examples / seconds), logsText(logs)];
    if (this.mode === "lines") {
      this.#write(`${[head, ...tail].join("  ")}\n`);
      return;
    }
    const rest = tail.join("  ");
    const room = this.#columns - head.length - rest.length - 5; // two spaces each, and the last column free
    const line = [head, ...(room >= 8 ? [barText(batch / batches, Math.min(room, 30))] : []), rest].join("  ");
    this.#write(`${ERASE}${line.slice(0, this.#columns - 1)}`);
    this.#drawn = true;
  }

  /** The line that stays. A learning rate that is still the same is left out. */
  epochEnds({ epoch, seconds, ...logs }: EpochRecord, epochs: number, examples: number): void {
    if (this.mode === "quiet") return;
    const took = (this.#now() - this.#begun) / 1000;
    const { learningRate, ...rest } = logs;
    const changed = this.#rate !== undefined && this.#rate !== learningRate;
    this.#rate = learningRate;
    const parts = [durationText(took), rateText(examples / took), logsText(changed ? logs : rest)];
    this.note([`epoch ${epoch}/${epochs}`, ...parts].join("  "));
  }

  /** Leaves the cursor at the beginning of a line. */
  end(): void {
    this.#erase();
  }

  #erase(): void {
    if (this.#drawn) this.#write(ERASE);
    this.#drawn = false;
  }
}

function modeOf(choice: unknown): NonNullable<ProgressOptions["mode"]> {
  if (typeof choice === "boolean") return choice ? "auto" : "quiet";
  if (modes.includes(choice as never)) return choice as (typeof modes)[number];
  throw unknownMode(choice);
}

const unknownMode = (mode: unknown): OptionError =>
  new OptionError("E803", "progress", `the mode is ${valueText(mode)}`, {
    fix: `use one of ${modes.join(", ")}, or false for quiet`,
  });

/** A page's console writes lines, and has nothing to draw on. */
function toConsole(text: string): void {
  const line = text.replaceAll(ERASE, "").trimEnd();
  if (line !== "") console.log(line);
}
