import { spread } from "./spread.ts";

/** A box that is to be placed: its size, and where at its upper and lower edge wires may end, from its middle. */
export interface Box {
  readonly width: number;
  readonly height: number;
  readonly ins: readonly number[];
  readonly outs: readonly number[];
  /** Stands in the first row, or in the last one. */
  readonly pinned?: "first" | "last";
}

/** From a lower edge to an upper one, by the numbers of boxes and ends. */
export interface Link {
  readonly from: number;
  readonly output: number;
  readonly to: number;
  readonly input: number;
}

/** A box or a bend of a wire that passes a row, in its row. */
export interface Cell {
  readonly row: number;
  readonly width: number;
  readonly height: number;
  /** The number of the box; undefined for a bend. */
  readonly box: number | undefined;
  /** Its middle. */
  x: number;
}

/** A wire from one row to the next. */
export interface Step {
  readonly from: Cell;
  /** From the middle of `from`. */
  readonly start: number;
  readonly to: Cell;
  readonly end: number;
  /** The same for all that carry one result of one box. */
  readonly carrier: string;
  /** Which operand it ends at, where it ends. */
  readonly input: number;
}

export interface Layered {
  readonly rows: readonly (readonly Cell[])[];
  readonly steps: readonly Step[];
  readonly width: number;
}

/** Distances of boxes and wires in a row. */
const BOX_GAP = 26;
const WIRE_GAP = 16;
const ROUNDS = 12; // more change nothing that is seen

/**
 * Boxes in rows, each below all that it takes from, and wires that pass rows beside them.
 *
 * Sugiyama, Tagawa & Toda 1981, Methods for visual understanding of hierarchical system structures: rows by longest path,
 * their order by barycentres, and places by weighted medians, as in Gansner, Koutsofios, North & Vo 1993, A technique for
 * drawing directed graphs. Wires that carry the same result share their way.
 */
export function layered(boxes: readonly Box[], links: readonly Link[]): Layered {
  const ranks = ranksOf(boxes, links);
  const rows: Cell[][] = Array.from({ length: Math.max(0, ...ranks) + 1 }, () => []);
  const cells = boxes.map(({ width, height }, box): Cell => {
    const cell = { row: ranks[box]!, width, height, box, x: 0 };
    rows[cell.row]!.push(cell);
    return cell;
  });
  const steps = stepsOf(boxes, links, cells, rows);
  for (let round = 0; round < ROUNDS; round++) order(rows, steps, round % 2 === 0);
  const width = place(rows, steps);
  return { rows, steps, width };
}

/** The row of each box: one below the lowest that it takes from. What takes from nothing stands right above its first taker. */
function ranksOf(boxes: readonly Box[], links: readonly Link[]): number[] {
  const ranks = boxes.map(() => 0);
  const first = boxes.some(({ pinned }) => pinned === "first") ? 1 : 0;
  boxes.forEach(({ pinned }, box) => {
    if (pinned !== "first") ranks[box] = first;
  });
  for (let changed = true; changed; ) {
    changed = false;
    for (const { from, to } of links) {
      if (ranks[to]! > ranks[from]!) continue;
      ranks[to] = ranks[from]! + 1;
      changed = true;
    }
  }
  const last = Math.max(0, ...ranks.filter((_, box) => boxes[box]!.pinned !== "last"));
  boxes.forEach(({ pinned }, box) => {
    if (pinned === "last") ranks[box] = last + 1;
    const takers = links.filter(({ from }) => from === box).map(({ to }) => ranks[to]!);
    const isSource = pinned === undefined && links.every(({ to }) => to !== box);
    if (isSource && takers.length > 0) ranks[box] = Math.min(...takers) - 1;
  });
  return ranks;
}

function stepsOf(boxes: readonly Box[], links: readonly Link[], cells: readonly Cell[], rows: Cell[][]): Step[] {
  const bends = new Map<string, Cell>();
  const steps = new Map<string, Step>();
  for (const { from, output, to, input } of links) {
    const carrier = `${from}.${output}`;
    let above = cells[from]!;
    let start = boxes[from]!.outs[output] ?? 0;
    for (let row = above.row + 1; row <= cells[to]!.row; row++) {
      const isLast = row === cells[to]!.row;
      const id = isLast ? `${carrier}>${to}.${input}` : `${carrier}>${row}`;
      let below = isLast ? cells[to]! : bends.get(id);
      if (below === undefined) {
        below = { row, width: 0, height: 0, box: undefined, x: 0 };
        bends.set(id, below);
        rows[row]!.push(below);
      }
      const end = isLast ? (boxes[to]!.ins[input] ?? 0) : 0;
      if (!steps.has(id)) steps.set(id, { from: above, start, to: below, end, carrier, input: isLast ? input : -1 });
      above = below;
      start = 0;
    }
  }
  return [...steps.values()];
}

/** Orders each row by the middle of what its cells are connected to in the row before, or after. Boxes go before bends. */
function order(rows: Cell[][], steps: readonly Step[], down: boolean): void {
  const places = new Map<Cell, number>();
  const number = (row: readonly Cell[]): void => {
    const whole = row.reduce((sum, cell) => sum + share(cell), 0);
    let at = 0;
    for (const cell of row) {
      places.set(cell, (at + share(cell) / 2) / whole);
      at += share(cell);
    }
  };
  for (const row of rows) number(row);
  for (const row of down ? rows.slice(1) : rows.slice(0, -1).toReversed()) {
    const wanted = new Map(
      row.map((cell) => {
        const ends = steps.flatMap(({ from, start, to, end }) => {
          if (down ? to !== cell : from !== cell) return [];
          const [other, offset] = down ? [from, start] : [to, end];
          return [places.get(other)! + offset / 1e6];
        });
        return [cell, ends.length === 0 ? places.get(cell)! : ends.reduce((a, b) => a + b) / ends.length] as const;
      }),
    );
    row.sort((a, b) => {
      const difference = wanted.get(a)! - wanted.get(b)!;
      return Math.abs(difference) > 1e-9 ? difference : Number(a.box === undefined) - Number(b.box === undefined);
    });
    number(row);
  }
}

/** How much of a row a cell counts for when rows of different lengths are compared. */
const share = ({ box }: Cell): number => (box === undefined ? 0.2 : 1);

/** Gives every cell its place: as straight below and above others as the order allows. Returns the width of all. */
function place(rows: readonly (readonly Cell[])[], steps: readonly Step[]): number {
  const gap = (a: Cell, b: Cell): number =>
    (a.width + b.width) / 2 + (a.box === undefined && b.box === undefined ? WIRE_GAP : BOX_GAP);
  const settle = (row: readonly Cell[], wanted: readonly number[]): void => {
    const gaps = row.slice(1).map((cell, i) => gap(row[i]!, cell));
    const weights = row.map(({ box }) => (box === undefined ? 1e-6 : 1)); // wires make way
    for (const [i, x] of spread(wanted, gaps, weights).entries()) row[i]!.x = x;
  };
  for (const row of rows)
    settle(
      row,
      row.map(() => 0),
    );
  // Of many wires to or from one box, each pulls less: a chain stays straight where it ends with others.
  const straight = steps.filter(({ from, to }) => from.box !== undefined && to.box !== undefined);
  const crowd = ({ from, to }: Step): number =>
    Math.max(1, straight.filter((step) => step.to === to).length, straight.filter((step) => step.from === from).length);
  const crowds = new Map(straight.map((step) => [step, crowd(step)]));
  for (let round = 0; round < 2 * ROUNDS; round++) {
    const isDown = round % 2 === 0;
    for (const row of isDown ? rows : rows.toReversed()) {
      const wanted = row.map((cell) => {
        const pulls = steps.flatMap((step) => {
          const { from, start, to, end } = step;
          if (from !== cell && to !== cell) return [];
          const isOut = from === cell;
          const other = isOut ? to : from;
          const isBent = (from.box === undefined ? 1 : 0) + (to.box === undefined ? 1 : 0);
          const weight = ([4, 1, 8][isBent]! * (isOut === isDown ? 0.5 : 1)) / (crowds.get(step) ?? 1);
          return [{ at: isOut ? to.x + end - start : from.x + start - end, weight, other }];
        });
        return pulls.length === 0 ? cell.x : median(pulls);
      });
      settle(row, wanted);
    }
  }
  for (let round = 0; round < ROUNDS; round++) straighten(rows, steps, gap);
  const left = Math.min(0, ...rows.flat().map(({ x, width }) => x - width / 2));
  for (const cell of rows.flat()) cell.x -= left;
  return Math.max(0, ...rows.flat().map(({ x, width }) => x + width / 2));
}

/** Draws the bends of each wire to one line, as near to where it comes from and goes to as its neighbours allow. */
function straighten(
  rows: readonly (readonly Cell[])[],
  steps: readonly Step[],
  gap: (a: Cell, b: Cell) => number,
): void {
  const runs = new Map<string, Set<Cell>>();
  for (const { to, carrier } of steps) {
    if (to.box === undefined) runs.set(carrier, (runs.get(carrier) ?? new Set()).add(to));
  }
  for (const [carrier, run] of runs) {
    let [low, high] = [-Infinity, Infinity];
    for (const cell of run) {
      const row = rows[cell.row]!;
      const at = row.indexOf(cell);
      const [before, after] = [row[at - 1], row[at + 1]];
      if (before !== undefined) low = Math.max(low, before.x + gap(before, cell));
      if (after !== undefined) high = Math.min(high, after.x - gap(cell, after));
    }
    if (low > high) continue;
    const own = steps.filter((step) => step.carrier === carrier);
    const ends = own.flatMap(({ from, start, to, end }) => [
      ...(from.box === undefined ? [] : [from.x + start]),
      ...(to.box === undefined ? [] : [to.x + end]),
    ]);
    const wanted = ends.sort((a, b) => a - b)[Math.floor(ends.length / 2)]!;
    for (const cell of run) cell.x = Math.min(Math.max(wanted, low), high);
  }
}

/** The weighted median; between two middle ones of equal weight, their mean. */
function median(pulls: readonly { readonly at: number; readonly weight: number }[]): number {
  const sorted = pulls.toSorted((a, b) => a.at - b.at);
  const half = sorted.reduce((sum, { weight }) => sum + weight, 0) / 2;
  let sum = 0;
  for (const [i, { at, weight }] of sorted.entries()) {
    sum += weight;
    if (Math.abs(sum - half) < 1e-9) return (at + sorted[i + 1]!.at) / 2;
    if (sum > half) return at;
  }
  return sorted.at(-1)!.at;
}
