import { type Fn, type Node, type Tensor, topologicalOrder } from "@tenon/ir";
import { stridedRead } from "../emit/strided.ts";
import { entry } from "../entry.ts";
import { isClaimed } from "../expand.ts";
import type { Index } from "../index-node.ts";
import { isMove } from "../view-moves.ts";
import { countBuffers, isReadBeside } from "./buffers.ts";
import { type Axis, axisOf, Draft, resolve } from "./draft.ts";
import { isJob, type Readers, readersOf } from "./epilogue.ts";
import { finish } from "./finish.ts";
import type { Fused } from "./group.ts";
import { type Along, joint } from "./match.ts";
import { isGiven, isImplied, readsOf, type SpaceRead, spaceOf } from "./spaces.ts";

export interface FuseOptions {
  /**
   * Anchors that the target has an inner loop for; the others are computed by loops. With `column sums`, that of `dot` also adds
   * up what it computes over all rows.
   */
  readonly templates: ReadonlySet<string>;
  /** Most buffers that one kernel may touch. */
  readonly maxBuffers: number;
  /** Tensors of up to so many bytes lie in one buffer of the device, and count as one. */
  readonly smallBytes: number;
  /** Without fusion each node is a kernel by itself; movement ops are index maps all the same. */
  readonly fusion: boolean;
  /** Which tensors must lie in memory, besides operands of control flow: results of the function that nothing else holds. */
  readonly needed: readonly Tensor[];
}

/** Ops that start a group of their own kind. */
const anchors: Readonly<Record<string, "sort" | "scatter" | "control">> = {
  sort: "sort",
  scatter: "scatter",
  scan: "control",
  cond: "control",
  while: "control",
};

/**
 * The function in kernels-to-be (`ir.md` 6.2): movement ops become index maps; each other node, in order, joins the groups that
 * it reads from, where their iterations fit and nothing outside stands between them.
 */
export function fuse(fn: Fn, options: FuseOptions): Fused {
  const wary = new Set<Node>();
  for (;;) {
    const fusion = new Fusion(options, wary);
    const fused = fusion.run(fn);
    const before = wary.size;
    for (const node of fusion.crowded()) wary.add(node);
    if (wary.size === before) return fused;
  }
}

/** A draft whose node reads others, and along which axes; undefined where it reads elsewhere too. */
interface Producer {
  readonly draft: Draft;
  along: Map<Axis, Axis> | undefined;
  /** Axes of which any place is read; they must be inner ones. */
  readonly loose: Axis[];
}

class Fusion {
  readonly drafts: Draft[] = [];
  readonly owner = new Map<Node, Draft>();
  /** Nodes that read a tensor. */
  readonly users = new Map<Tensor, Set<Node>>();
  readonly reads = new Map<Node, readonly SpaceRead[]>();
  readonly options: FuseOptions;
  readonly #needed: ReadonlySet<Tensor>;
  /** Nodes of groups that came to touch too many buffers, since what they compute was read by other groups later on. */
  readonly #wary: ReadonlySet<Node>;
  #readers: Readers = new Map();
  #places: ReadonlyMap<Node, number> = new Map();

  constructor(options: FuseOptions, wary: ReadonlySet<Node>) {
    this.options = options;
    this.#wary = wary;
    this.#needed = new Set(options.needed);
  }

  run(fn: Fn): Fused {
    const order = topologicalOrder(fn.results);
    this.#readers = readersOf(order);
    this.#places = new Map(order.map((node, i) => [node, i]));
    const isControl = (node: Node): boolean => anchors[node.op.name] === "control";
    const held = new Set([...this.#needed, ...order.filter(isControl).flatMap(({ inputs }) => inputs)]);
    for (const node of order) {
      if (node.outputs.every((t) => isGiven(t) || isImplied(t)) || isMove(node)) continue;
      if (isControl(node)) for (const t of node.inputs) this.hold(t);
      this.add(
        node,
        node.outputs.some((t) => held.has(t)),
      );
    }
    for (const t of this.#needed) this.hold(t);
    return finish(this);
  }

  /** Sees to it that a tensor is the result of a group, or lies in memory anyhow. */
  hold(tensor: Tensor): void {
    const { node } = tensor;
    if (isGiven(tensor) || this.owner.has(node)) return;
    this.add(node, true);
  }

  add(node: Node, held = false): void {
    const space = spaceOf(node);
    const claimed = isClaimed(node);
    const reads = claimed ? node.inputs.map(operandRead) : readsOf(node, space);
    // what is cheap to make of counts and sizes is made where it is used
    if (reads.length === 0 && !held && node.op.kind === "scalar" && node.op.numeric !== "transcendental") return;
    this.reads.set(node, reads);
    for (const { source } of reads) {
      if (claimed || isMove(source.node)) this.hold(source);
      entry(this.users, source, () => new Set()).add(node);
    }
    const sizes = node.outputs[0]!.shape;
    const axes = new Map<unknown, Axis>();
    const axisAlong = (x: Index, size: Axis["size"]): Axis | null => {
      if (x.kind !== "variable") return null;
      const axis = { size };
      axes.set(x, axis);
      return axis;
    };
    const rows = space.rows.map((x, i) => axisAlong(x, sizes[i]!));
    const inner = space.inner.map(([x, size]) => axisAlong(x, size)).filter((a) => a !== null);
    const templated = node.op.name === "dot" && this.options.templates.has("dot");
    const kind = claimed ? "claimed" : templated ? "dot" : (anchors[node.op.name] ?? "loops");
    const summed = space.inner.length > 0 || node.op.name === "fold" || node.op.name === "reduce" || kind !== "loops";
    const alone = space.inner.length > 0 && isJob(node, this.#readers, this.#needed, this.#places);
    const draft = new Draft(
      kind,
      node,
      this.owner.size,
      rows.filter((a) => a !== null),
      { fixed: summed, alone },
    );
    if (inner.length > 0) draft.inner.push(inner);
    draft.axes.set(node, rows);
    for (const { source } of reads) draft.reads.add(source);
    this.owner.set(node, draft);
    this.drafts.push(draft);
    if (this.options.fusion && kind === "loops") this.join(node, draft, reads, axes, space.anywhere);
  }

  /** Lets the node's draft join those it reads from, the latest first. */
  join(
    node: Node,
    draft: Draft,
    reads: readonly SpaceRead[],
    axes: ReadonlyMap<unknown, Axis>,
    anywhere?: Index,
  ): void {
    const producers = new Map<Draft, Producer>();
    for (const { source, axes: along } of reads) {
      const from = this.draftOf(source);
      if (from === undefined) continue;
      const producer = entry(producers, from, (): Producer => ({ draft: from, along: new Map(), loose: [] }));
      if (producer.along === undefined) continue;
      const closed = from.alone || from.sealed.has(source.node) || source.index > 0;
      const own = closed ? undefined : from.axes.get(source.node);
      if (along === undefined || own === undefined || !extend(producer, own, along, axes, anywhere))
        producer.along = undefined;
      else if (producer.loose.length > 0 && source.node.op.kind !== "scalar") producer.along = undefined;
    }
    const ordered = [...producers.values()].sort((p, q) => q.draft.last - p.draft.last);
    for (const { draft: from, along, loose } of ordered) {
      const [before, user] = [resolve(from), resolve(draft)];
      if (along === undefined || before === user) continue;
      const renamed = new Map([...along].map(([a, b]) => [axisOf(a), axisOf(b)]));
      if (renamed.size !== along.size || new Set(renamed.values()).size !== along.size) continue;
      if (this.sumsColumns(node, before, user, renamed)) {
        if (!this.affordable(before, user) || !this.apart(before, user, node)) continue;
        this.append(before, user, renamed, before.rows, true);
        before.sealed.add(node);
        continue;
      }
      const together = joint(before, user, renamed);
      if (together === undefined || loose.some((a) => together.rows.includes(axisOf(a)) || !before.fixed)) continue;
      if (!this.affordable(before, user) || !this.apart(before, user, node)) continue;
      this.append(before, user, renamed, together.rows, together.fixed);
      resolve(before).inner.push(...together.inner);
    }
  }

  draftOf(tensor: Tensor): Draft | undefined {
    const draft = this.owner.get(tensor.node);
    return draft === undefined ? undefined : resolve(draft);
  }

  /** A sum over all rows of a product without batches, one per column: the product's kernel adds it up on the way. */
  sumsColumns(node: Node, before: Draft, user: Draft, along: Along): boolean {
    if (before.kind !== "dot" || user.nodes.length > 1 || node.op.name !== "reduce") return false;
    if (!this.options.templates.has("column sums")) return false;
    if (node.attrs.op !== "sum" || node.outputs[0]!.dtype !== "float32" || node.attrs.acc !== "float32") return false;
    const [anchor] = before.nodes as [Node];
    const attrs = anchor.attrs as unknown as Record<"contract" | "batch", readonly (readonly number[])[]>;
    if (attrs.batch[0]!.length > 0 || anchor.outputs[0]!.dtype !== "float32") return false;
    const free = anchor.inputs[0]!.rank - attrs.contract[0]!.length;
    const columns = new Set(
      before.axes
        .get(anchor)!
        .slice(free)
        .flatMap((a) => (a === null ? [] : [axisOf(a)])),
    );
    const kept = new Set(user.rows.map(axisOf));
    return before.rows.map(axisOf).every((a) => along.has(a) && columns.has(a) === kept.has(along.get(a)!));
  }

  /** Whether the drafts together touch few enough buffers. */
  affordable(before: Draft, user: Draft): boolean {
    const last = user.nodes[user.nodes.length - 1]!;
    return this.buffersOf([before, user], last) <= this.options.maxBuffers;
  }

  /** Nodes of the groups that touch too many buffers; what one node alone touches cannot be less. */
  crowded(): readonly Node[] {
    const drafts = [...new Set(this.drafts.map(resolve))].filter(({ nodes }) => nodes.length > 1);
    return drafts.filter((d) => this.buffersOf([d]) > this.options.maxBuffers).flatMap(({ nodes }) => nodes);
  }

  /** How many buffers drafts touch together, of which `last` is the latest node, whose readers are not known yet. */
  buffersOf(drafts: readonly Draft[], last?: Node): number {
    const { maxBuffers, smallBytes } = this.options;
    if (maxBuffers === Number.POSITIVE_INFINITY) return 0;
    const nodes = new Set(drafts.flatMap((draft) => draft.nodes));
    const isWary = last !== undefined && [...nodes].some((node) => this.#wary.has(node));
    const isWritten = (t: Tensor): boolean => {
      if (t.node === last || this.#needed.has(t)) return true;
      if ([...(this.users.get(t) ?? [])].some((u) => !nodes.has(u))) return true;
      return isWary && isReadBeside(t, nodes, this.#readers, this.#needed);
    };
    const reads = new Set(drafts.flatMap((draft) => [...draft.reads].filter((t) => !nodes.has(t.node))));
    const written = [...nodes].flatMap((node) => node.outputs.filter(isWritten));
    return countBuffers([...reads, ...written], smallBytes);
  }

  /** Whether nothing that is in neither draft must be computed between the two, and only `node` reads the one from the other. */
  apart(before: Draft, user: Draft, node: Node): boolean {
    const depends = (from: Draft, on: Draft, except?: Node): boolean => {
      const open: Draft[] = [];
      for (const source of from.reads) {
        const next = this.draftOf(source);
        if (next === on && except === undefined) return true;
        if (next !== undefined && next !== from && next !== on) open.push(next);
      }
      if (except !== undefined && from.nodes.some((n) => n !== except && this.readsFrom(n, on))) return true;
      const seen = new Set(open);
      for (let next = open.pop(); next !== undefined; next = open.pop()) {
        if (next.last < on.first) continue;
        for (const source of next.reads) {
          const further = this.draftOf(source);
          if (further === on) return true;
          if (further === undefined || further === from || seen.has(further)) continue;
          seen.add(further);
          open.push(further);
        }
      }
      return false;
    };
    return !depends(user, before, node) && !(user.nodes.length > 1 && depends(before, user));
  }

  readsFrom(node: Node, draft: Draft): boolean {
    return this.reads.get(node)!.some(({ source }) => this.draftOf(source) === draft);
  }

  /** Makes the two one; what has an anchor stays. */
  append(before: Draft, user: Draft, along: Along, rows: readonly Axis[], fixed: boolean): void {
    const [into, from] = user.kind === "loops" ? [before, user] : [user, before];
    for (const [a, b] of along) {
      if (into === before) b.same = a;
      else a.same = b;
    }
    into.rows = rows.map(axisOf);
    into.fixed = fixed;
    into.nodes.push(...from.nodes);
    into.inner.push(...from.inner);
    for (const [node, axes] of from.axes) into.axes.set(node, axes);
    for (const t of from.reads) into.reads.add(t);
    for (const node of from.sealed) into.sealed.add(node);
    into.first = Math.min(into.first, from.first);
    into.last = Math.max(into.last, from.last);
    from.into = into;
  }
}

/** A claimed composite takes its operands from memory, whole. */
const operandRead = (x: Tensor): SpaceRead => ({ source: stridedRead(x).source, axes: undefined });

/** Notes which axes of the user go along which of the source; false where it contradicts what another read says. */
function extend(
  { along: into, loose }: Producer,
  own: readonly (Axis | null)[],
  along: readonly unknown[],
  axes: ReadonlyMap<unknown, Axis>,
  anywhere: Index | undefined,
): boolean {
  for (let i = 0; i < own.length; i++) {
    const [a, b] = [own[i], axes.get(along[i])];
    if (a !== null && along[i] === anywhere) {
      loose.push(a!);
      continue;
    }
    if ((a === null) !== (b === undefined)) return false;
    if (a === null || a === undefined || b === undefined) continue;
    const known = into!.get(axisOf(a));
    if (known !== undefined && known !== b) return false;
    into!.set(axisOf(a), b);
  }
  return true;
}
