/** What the kit checks, in the order of the report. */
export const items = [
  "vectors",
  "metamorphic",
  "gradients",
  "random-numbers",
  "memory",
  "ordering",
  "refusal",
  "training",
  "random-graphs",
] as const;
export type Item = (typeof items)[number];

export type Status = "pass" | "fail" | "unsupported";

/** The outcome of one check. */
export interface Cell {
  readonly item: Item;
  /** The op, or what is checked where no single op is. */
  readonly op: string;
  readonly dtype: string;
  readonly case: string;
  readonly status: Status;
  /** What went wrong, or the error by which the backend says that it does not have the dtype or feature. */
  readonly detail?: string;
}

export type Counts = Readonly<Record<Status, number>>;

/** Failures that a summary shows whole; the others are counted. */
const SHOWN = 10;

/** What a backend did: every cell, in an order that does not depend on the backend. `JSON.stringify` gives all of it. */
export class Report {
  readonly backend: string;
  readonly profile: string;
  readonly seed: number;
  readonly cells: readonly Cell[];

  constructor(backend: string, profile: string, seed: number, cells: readonly Cell[]) {
    this.backend = backend;
    this.profile = profile;
    this.seed = seed;
    this.cells = cells;
  }

  get failures(): readonly Cell[] {
    return this.cells.filter(({ status }) => status === "fail");
  }

  get counts(): Counts {
    return count(this.cells);
  }

  /** A table by item, then the first failures whole. */
  summary(): string {
    const rows = items.flatMap((item) => {
      const cells = this.cells.filter((cell) => cell.item === item);
      return cells.length === 0 ? [] : [row(item, count(cells))];
    });
    const failures = this.failures;
    const shown = failures
      .slice(0, SHOWN)
      .map(
        ({ item, op, dtype, case: title, detail }) =>
          `\n✗ ${item} · ${op} · ${dtype} · ${title}\n${indent(detail ?? "")}`,
      );
    const more = failures.length > SHOWN ? [`\n… and ${failures.length - SHOWN} more failures`] : [];
    const head = `${this.backend}, profile ${this.profile}, seed ${this.seed}`;
    return [head, header, ...rows, row("total", this.counts), ...shown, ...more].join("\n");
  }

  toJSON(): object {
    const { backend, profile, seed, counts, cells } = this;
    return { backend, profile, seed, counts, cells };
  }
}

function count(cells: readonly Cell[]): Counts {
  const counts = { pass: 0, fail: 0, unsupported: 0 };
  for (const { status } of cells) counts[status]++;
  return counts;
}

const columns = (name: string, ...numbers: readonly (string | number)[]): string =>
  name.padEnd(16) + numbers.map((n) => String(n).padStart(13)).join("");
const header = columns("", "passed", "failed", "unsupported");
const row = (name: string, { pass, fail, unsupported }: Counts): string => columns(name, pass, fail, unsupported);
const indent = (text: string): string =>
  text
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n");
