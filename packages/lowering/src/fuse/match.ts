import { sameDim } from "@tenon/ir";
import { type Axis, axisOf, type Draft } from "./draft.ts";

/** Axes of one draft that go along axes of another: for each of the first the one of the second. */
export type Along = ReadonlyMap<Axis, Axis>;

/** What a draft becomes when another joins it. */
export interface Joint {
  readonly rows: readonly Axis[];
  readonly fixed: boolean;
  /** Extents of inner axes that the new rows bring along. */
  readonly inner: readonly (readonly Axis[])[];
}

/** One iteration should not loop over more, since nothing else could be done at the same time. */
const MAX_LONE_ROW = 4096;

const isShort = (axes: readonly Axis[]): boolean =>
  axes.reduce((n, { size }) => (typeof size === "number" ? n * size : Number.POSITIVE_INFINITY), 1) <= MAX_LONE_ROW;

const sameExtents = (a: readonly Axis[], b: readonly Axis[]): boolean =>
  a.length === b.length && a.every((x, i) => sameDim(x.size, b[i]!.size));

/**
 * Whether the nodes of `before` can be computed in the iterations of `user`, whose nodes read them along `along`, and over which rows
 * then. Each row of the one must be one row of the other; where one of them still may choose, its axes beyond the
 * rows of the other become inner ones.
 */
export function joint(before: Draft, user: Draft, along: Along): Joint | undefined {
  const rowsBefore = before.rows.map(axisOf);
  const rowsUser = user.rows.map(axisOf);
  const back = new Map([...along].map(([a, b]) => [b, a]));
  const kinds = [before.kind, user.kind].filter((kind) => kind !== "loops");
  if (kinds.length > 1 || kinds.some((kind) => kind !== "dot" && kind !== "claimed")) return undefined;
  const ontoRows = rowsBefore.every((a) => along.has(a) && rowsUser.includes(along.get(a)!));
  const fromRows = rowsUser.every((b) => back.has(b) && rowsBefore.includes(back.get(b)!));
  const fixed = before.fixed || user.fixed;
  if (kinds.length > 0 && before.fixed && user.fixed) return undefined; // an epilogue gathers nothing
  // two sums to a single number may be long, and go their own ways
  const long = rowsUser.length === 0 && before.fixed && (user.fixed || user.inner.length > 0);
  if (ontoRows && fromRows) return long ? undefined : { rows: rowsUser, fixed, inner: [] };
  if (kinds.length > 0 || before.fixed === user.fixed) return undefined;
  if (before.fixed) {
    // the user goes over rows and more: each of its rows is an iteration of the loop in a row
    if (!ontoRows) return undefined;
    const rows = rowsUser.filter((b) => back.has(b) && rowsBefore.includes(back.get(b)!));
    const rest = rowsUser.filter((b) => !rows.includes(b));
    if (rows.length === 0 && !isShort(rest)) return undefined;
    const known = rest.every((b) => back.has(b)) || before.inner.some((extents) => sameExtents(extents, rest));
    return known ? { rows, fixed, inner: [rest] } : undefined;
  }
  // the user has gone over some of the axes
  return fromRows && rowsBefore.every((a) => along.has(a)) ? { rows: rowsUser, fixed, inner: [] } : undefined;
}
