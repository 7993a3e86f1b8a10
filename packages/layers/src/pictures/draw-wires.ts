import type { DrawnBox } from "./draw-box.ts";
import type { Cell, Layered, Step } from "./layered.ts";
import { px } from "./marks.ts";
import { spread } from "./spread.ts";

export interface Routed {
  readonly height: number;
  /** The upper edge of each cell. */
  readonly tops: ReadonlyMap<Cell, number>;
  readonly lines: readonly string[];
}

/** Between rows, where no wire changes its place; above and below those that do, and between two of them. */
const GAP = 22;
const ABOVE = 9;
const BELOW = 15; // the arrow has to fit
const TRACK = 8;
const BEND = 6; // radius of a rounded corner
const PORT = 14; // between wires that end at one box, and from its corners

type Point = readonly [x: number, y: number];

/** Gives rows and wires their heights, and draws the wires: down, across between two rows, and down again. */
export function route({ rows, steps }: Layered, drawn: readonly DrawnBox[]): Routed {
  const formOf = ({ box }: Cell): string => (box === undefined ? "bend" : drawn[box]!.form);
  const aside = new Set(steps.filter((step) => entersAside(step, rows, formOf(step.to))));
  const ends = endsOf(steps, aside, formOf);
  const gaps = rows.map((_, row) =>
    tracksOf(
      steps.filter((step) => step.from.row === row && !aside.has(step)),
      ends,
    ),
  );

  const tops = new Map<Cell, number>();
  const [starts, stops]: [number[], number[]] = [[], []];
  let y = 0;
  for (const [row, cells] of rows.entries()) {
    const height = Math.max(...cells.map((cell) => cell.height));
    for (const cell of cells) tops.set(cell, cell.box === undefined ? y : y + (height - cell.height) / 2);
    starts.push(y);
    y += height;
    stops.push(y);
    if (row === rows.length - 1) break;
    const { count } = gaps[row]!;
    const leaves = rows[row + 1]!.some((cell) => formOf(cell) === "port"); // the lower edge of a frame
    const across = count === 0 ? 0 : ABOVE + (count - 1) * TRACK + (leaves ? ABOVE : BELOW);
    y += Math.max(across, leaves ? ABOVE : GAP);
  }

  const lines: string[] = [];
  for (const cell of rows.flat()) {
    if (cell.box !== undefined || stops[cell.row] === starts[cell.row]) continue;
    lines.push(
      wire([
        [cell.x, starts[cell.row]!],
        [cell.x, stops[cell.row]!],
      ]),
    ); // prettier
  }
  for (const step of steps) {
    const { from, to } = step;
    const [x, end] = [from.x + step.start, ends.get(step)!];
    const top = from.box === undefined ? stops[from.row]! : tops.get(from)! + from.height;
    const form = formOf(to);
    const hasArrow = form === "box" || form === "op" || form === "terminal";
    if (aside.has(step)) {
      const middle = tops.get(to)! + to.height / 2;
      lines.push(
        wire(
          [
            [x, top],
            [x, middle],
            [to.x + (Math.sign(x - to.x) * to.width) / 2, middle],
          ],
          true,
        ),
      );
      continue;
    }
    const bottom = to.box === undefined ? starts[to.row]! : tops.get(to)!;
    const track = gaps[from.row]!.of.get(trackName(step));
    const across = stops[from.row]! + ABOVE + (track ?? 0) * TRACK;
    const points: Point[] = isStraight(x, end)
      ? []
      : [
          [x, across],
          [end, across],
        ];
    lines.push(wire([[x, top], ...points, [end, bottom]], hasArrow));
  }
  return { height: y, tops, lines: [...lines, ...forks(steps, ends, gaps, stops)] };
}

const isStraight = (a: number, b: number): boolean => Math.abs(a - b) < 0.5;

/** Whether a wire ends at the side of an op: it comes from beside it, nothing is between, and no other comes from there. */
function entersAside(step: Step, rows: Layered["rows"], form: string): boolean {
  const { from, start, to } = step;
  const x = from.x + start;
  if (form !== "op" || Math.abs(x - to.x) < to.width / 2 + BEND + 4) return false;
  const isBetween = (cell: Cell): boolean =>
    cell !== to && Math.min(x, to.x) < cell.x + cell.width / 2 + 2 && cell.x - cell.width / 2 - 2 < Math.max(x, to.x);
  return (
    !rows[to.row]!.some(isBetween) && !(from.box !== undefined && rows[to.row]!.some((cell) => isStraight(cell.x, x)))
  );
}

/** Where each step ends. At a box, wires come in beside each other, as straight as they can. */
function endsOf(steps: readonly Step[], aside: ReadonlySet<Step>, formOf: (cell: Cell) => string): Map<Step, number> {
  const ends = new Map(steps.map((step) => [step, step.to.x + step.end]));
  for (const to of new Set(steps.map((step) => step.to))) {
    const form = formOf(to);
    if (form !== "box" && form !== "terminal") continue;
    const into = steps
      .filter((step) => step.to === to && !aside.has(step))
      .sort((a, b) => a.from.x + a.start - b.from.x - b.start);
    const half = Math.max(0, to.width / 2 - PORT);
    const wanted = into.map(({ from, start }) => {
      const inside = Math.min(Math.max(from.x + start, to.x - half), to.x + half);
      return into.length > 1 || isStraight(inside, from.x + start) ? inside : to.x;
    });
    const places = spread(wanted, new Array<number>(Math.max(0, into.length - 1)).fill(PORT));
    for (const [i, step] of into.entries()) ends.set(step, places[i]!);
  }
  return ends;
}

/** Which of the tracks between two rows the steps of a carrier take. */
interface Tracks {
  readonly of: ReadonlyMap<string, number>;
  readonly count: number;
}

const trackName = ({ from, carrier }: Step): string => `${carrier}|${from.x}`;

/** Shares the tracks out so that no two overlap; among wires to one side the outer one is above, so that they do not cross. */
function tracksOf(steps: readonly Step[], ends: ReadonlyMap<Step, number>): Tracks {
  const spans = new Map<string, { x: number; low: number; high: number }>();
  for (const step of steps) {
    const [x, end] = [step.from.x + step.start, ends.get(step)!];
    if (isStraight(x, end)) continue;
    const name = trackName(step);
    const span = spans.get(name) ?? { x, low: x, high: x };
    spans.set(name, { x, low: Math.min(span.low, end), high: Math.max(span.high, end) });
  }
  const isRight = ({ x, low, high }: { x: number; low: number; high: number }): boolean => high - x >= x - low;
  const sorted = [...spans].sort(([, a], [, b]) =>
    isRight(a) !== isRight(b) ? Number(isRight(b)) - Number(isRight(a)) : isRight(a) ? b.x - a.x : a.x - b.x,
  );
  const tracks: { low: number; high: number }[][] = [];
  const of = new Map<string, number>();
  for (const [name, span] of sorted) {
    const isFree = (track: { low: number; high: number }[]): boolean =>
      track.every(({ low, high }) => high + BEND < span.low || span.high + BEND < low);
    let track = tracks.findIndex(isFree);
    if (track < 0) track = tracks.push([]) - 1;
    tracks[track]!.push(span);
    of.set(name, track);
  }
  return { of, count: tracks.length };
}

/** Dots where a wire parts. */
function forks(
  steps: readonly Step[],
  ends: ReadonlyMap<Step, number>,
  gaps: readonly Tracks[],
  stops: readonly number[],
): string[] {
  const groups = new Map<string, Step[]>();
  for (const step of steps) {
    const name = `${step.from.row}:${trackName(step)}`;
    groups.set(name, [...(groups.get(name) ?? []), step]);
  }
  return [...groups.values()].flatMap((group) => {
    const step = group[0]!;
    const track = gaps[step.from.row]!.of.get(trackName(step));
    const x = step.from.x + step.start;
    const sides = new Set(group.map((other) => Math.sign(Math.round(ends.get(other)! - x))));
    if (track === undefined || sides.size < 2) return [];
    return [`<circle cx="${px(x)}" cy="${px(stops[step.from.row]! + ABOVE + track * TRACK)}" r="2.4" fill="${INK}"/>`];
  });
}

const INK = "#5b6570";
const HEAD = 7; // the length of an arrow's head

/** A line through points with rounded corners, and an arrow at its end. */
function wire(points: readonly Point[], hasArrow = false): string {
  const [first, ...rest] = points as [Point, ...Point[]];
  const last = rest.at(-1)!;
  const before = rest.at(-2) ?? first;
  const [dx, dy] = [Math.sign(Math.round(last[0] - before[0])), Math.sign(Math.round(last[1] - before[1]))];
  let path = `M${px(first[0])} ${px(first[1])}`;
  for (const [i, at] of rest.entries()) {
    const next = rest[i + 1];
    if (next === undefined) {
      const short = hasArrow ? HEAD - 1 : 0;
      path += `L${px(at[0] - dx * short)} ${px(at[1] - dy * short)}`;
      continue;
    }
    const from = i === 0 ? first : rest[i - 1]!;
    const radius = Math.min(BEND, half(from, at, i > 0), half(at, next, i + 2 < rest.length));
    const [a, b] = [toward(at, from, radius), toward(at, next, radius)];
    path += `L${px(a[0])} ${px(a[1])}Q${px(at[0])} ${px(at[1])} ${px(b[0])} ${px(b[1])}`;
  }
  const line = `<path d="${path}" fill="none" stroke="${INK}"/>`;
  if (!hasArrow) return line;
  const [x, y] = last;
  const [bx, by] = [x - dx * HEAD, y - dy * HEAD];
  const side = 3.2;
  const corners = `${px(bx - dy * side)} ${px(by + dx * side)}L${px(bx + dy * side)} ${px(by - dx * side)}`;
  return `${line}<path d="M${px(x)} ${px(y)}L${corners}Z" fill="${INK}"/>`;
}

/** How much of the way between two points a corner may take: all of it, or half where there is a corner at the other end. */
const half = ([ax, ay]: Point, [bx, by]: Point, shared: boolean): number =>
  (Math.abs(ax - bx) + Math.abs(ay - by)) / (shared ? 2 : 1);

const toward = ([x, y]: Point, [tx, ty]: Point, by: number): Point => [
  x + Math.sign(tx - x) * Math.min(by, Math.abs(tx - x)),
  y + Math.sign(ty - y) * Math.min(by, Math.abs(ty - y)),
];
