import type { Node, Tensor } from "@tenon/ir";
import { countBuffers } from "./buffers.ts";
import { axisOf, type Draft, resolve } from "./draft.ts";
import type { FuseOptions } from "./fuse.ts";
import type { Fused, Group } from "./group.ts";
import { isGiven, type SpaceRead } from "./spaces.ts";

/** What the drafts are known by. */
export interface Drafts {
  readonly drafts: readonly Draft[];
  readonly owner: ReadonlyMap<Node, Draft>;
  readonly users: ReadonlyMap<Tensor, ReadonlySet<Node>>;
  readonly reads: ReadonlyMap<Node, readonly SpaceRead[]>;
  readonly options: Pick<FuseOptions, "fusion" | "needed" | "maxBuffers" | "smallBytes">;
}

/** Most buffers from which a value is computed again rather than stored. */
const MAX_SOURCES = 2;

/** The groups, each with what it must store, in order. */
export function finish(work: Drafts): Fused {
  const draftOf = (node: Node): Draft | undefined => {
    const draft = work.owner.get(node);
    return draft === undefined ? undefined : resolve(draft);
  };
  const held = new Set<Tensor>(work.options.needed);
  for (const node of work.owner.keys()) if (draftOf(node)!.kind === "control") for (const t of node.inputs) held.add(t);
  const outside = (t: Tensor): readonly Node[] =>
    [...(work.users.get(t) ?? [])].filter((user) => draftOf(user) !== draftOf(t.node));
  const stored = new Set<Tensor>();
  for (const [node, draft] of work.owner) {
    for (const t of node.outputs)
      if (held.has(t) || outside(t).length > 0 || resolve(draft).kind === "control") stored.add(t);
  }
  for (const t of [...held, ...work.users.keys()]) if (isGiven(t)) stored.add(t);
  if (work.options.fusion) recompute(work, stored, held, outside);
  const live = [...new Set(work.drafts.map(resolve))].filter((d) =>
    d.nodes.some((n) => n.outputs.some((t) => stored.has(t))),
  );
  const places = new Map([...work.owner.keys()].map((node, i) => [node, i]));
  const groups = inOrder(live, work, draftOf, stored).map((draft) => groupOf(draft, stored, places));
  return { groups, stored };
}

/**
 * Takes from `stored` what is cheaper to compute again where it is read: an exact or once-rounded function of values that lie in
 * memory anyhow, such as the mask of a rectifier.
 */
function recompute(
  { owner, reads, options: { maxBuffers, smallBytes } }: Drafts,
  stored: Set<Tensor>,
  held: ReadonlySet<Tensor>,
  outside: (t: Tensor) => readonly Node[],
): void {
  const cheap = (node: Node): boolean =>
    node.op.kind === "scalar" &&
    (node.op.numeric === "exact" || node.op.numeric === "rounded") &&
    node.op.name !== "sqrt";
  const draftOf = (node: Node): Draft => resolve(owner.get(node)!);
  const plain = (user: Node): boolean => draftOf(user).kind === "loops" || user.op.kind === "scalar";
  /** Whether a group touches few enough buffers without this tensor, where it reads what that is made of. */
  const affordable = (draft: Draft, without: Tensor): boolean => {
    const isStored = (t: Tensor): boolean => t !== without && stored.has(t);
    const touched = new Set(draft.nodes.flatMap(({ outputs }) => outputs.filter(isStored)));
    const nodes = new Set(draft.nodes);
    for (const node of nodes)
      for (const { source } of reads.get(node) ?? []) {
        if (isStored(source)) touched.add(source);
        else nodes.add(source.node);
      }
    return countBuffers([...touched], smallBytes) <= maxBuffers;
  };
  for (const node of owner.keys()) {
    const t = node.outputs[0]!;
    if (!cheap(node) || !stored.has(t) || held.has(t)) continue;
    const sources = new Set(reads.get(node)!.map((r) => r.source));
    if (sources.size > MAX_SOURCES || ![...sources].every((source) => stored.has(source))) continue;
    if (
      !outside(t).every((user) => plain(user) && reads.get(user)!.every((r) => r.source !== t || r.axes !== undefined))
    )
      continue;
    if (maxBuffers < Number.POSITIVE_INFINITY && !outside(t).every((user) => affordable(draftOf(user), t))) continue;
    stored.delete(t);
  }
}

/** Each draft after those whose results it reads; of several that could come next, the one that was completed first. */
function inOrder(
  drafts: readonly Draft[],
  work: Drafts,
  draftOf: (node: Node) => Draft | undefined,
  stored: ReadonlySet<Tensor>,
): readonly Draft[] {
  const order: Draft[] = [];
  const state = new Map<Draft, "open" | "done">();
  const needs = (draft: Draft): Draft[] => {
    const found = new Set<Draft>();
    const open = [...draft.nodes];
    const seen = new Set<Node>();
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (seen.has(node)) continue;
      seen.add(node);
      const sources = [
        ...(work.reads.get(node) ?? []).map((r) => r.source),
        ...(draft.kind === "control" ? node.inputs : []),
      ];
      for (const t of sources) {
        const from = draftOf(t.node);
        if (from === undefined || from === draft) continue;
        if (stored.has(t)) found.add(from);
        else open.push(t.node); // computed again here, from what it reads
      }
    }
    return [...found];
  };
  const byEnd = [...drafts].sort((a, b) => a.last - b.last);
  for (const root of byEnd) {
    const stack = [root];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      if (state.get(top) === "done") {
        stack.pop();
        continue;
      }
      const missing = needs(top).filter((d) => state.get(d) === undefined);
      if (missing.length > 0 && state.get(top) === undefined) {
        state.set(top, "open");
        stack.push(...missing.reverse());
        continue;
      }
      stack.pop();
      state.set(top, "done");
      order.push(top);
    }
  }
  return order;
}

function groupOf(draft: Draft, stored: ReadonlySet<Tensor>, places: ReadonlyMap<Node, number>): Group {
  const rows = draft.rows.map(axisOf);
  const numbers = new Map(rows.map((axis, i) => [axis, i]));
  const axes = new Map(
    [...draft.axes].map(([node, list]) => [node, list.map((a) => (a === null ? -1 : (numbers.get(axisOf(a)) ?? -1)))]),
  );
  const [first, ...rest] = draft.nodes as [Node, ...Node[]];
  const sorted = (list: Node[]): Node[] => list.sort((a, b) => places.get(a)! - places.get(b)!);
  const nodes = draft.kind === "loops" ? sorted([first, ...rest]) : [first, ...sorted(rest)];
  const outputs = nodes.flatMap((node) => node.outputs.filter((t) => stored.has(t)));
  return { kind: draft.kind, nodes, outputs, rows: rows.map((a) => a.size), axes };
}
