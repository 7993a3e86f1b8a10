import {
  type Attrs,
  Fn,
  isLeaf,
  mapRegions,
  Node,
  type Tensor,
  topologicalOrder,
  withOrigin,
  withTrace,
} from "@tenon/ir";
import type { Rule } from "./pass.ts";

/** So many rewrites of what a rewrite has made are followed; a rule that would go on for ever is cut off there. */
const MAX_DEPTH = 1_000;

/**
 * The function with `rule` applied to every node, inputs before users, and to every node that a rule makes, until none
 * applies; the function itself where none does. Regions that ops run are rewritten first. Without recursion over nodes.
 *
 * A node that a rule makes has the layer path and the source line of the node it stands for.
 */
export function rewrite(fn: Fn, start: (fn: Fn) => Rule): Fn {
  return withTrace(() => rewriteOne(fn, start, new Map()));
}

/** Nodes still to be looked at, and the node whose results they compute. */
interface Frame {
  readonly order: readonly Node[];
  next: number;
  readonly site: Node | undefined;
  readonly outcome: readonly (Tensor | undefined)[];
}

function rewriteOne(fn: Fn, start: (fn: Fn) => Rule, done: Map<Fn, Fn>): Fn {
  const before = done.get(fn);
  if (before !== undefined) return before;
  const rule = start(fn);
  const now = new Map<Tensor, Tensor>();
  const current = (t: Tensor): Tensor => now.get(t) ?? t;
  const seen = new Set<Node>();
  const frames: Frame[] = [{ order: topologicalOrder(fn.results), next: 0, site: undefined, outcome: [] }];
  while (frames.length > 0) {
    const frame = frames[frames.length - 1]!;
    if (frame.next === frame.order.length) {
      frames.pop();
      frame.outcome.forEach((t, i) => {
        if (t !== undefined) now.set(frame.site!.outputs[i]!, current(t));
      });
      continue;
    }
    const original = frame.order[frame.next++]!;
    if (seen.has(original)) continue;
    seen.add(original);
    if (isLeaf(original)) continue;
    const node = renewed(original, current, regionsOf(original, start, done), frame.site);
    const outcome = frames.length > MAX_DEPTH ? undefined : withOrigin(node, () => rule(node, original));
    if (outcome?.every((t) => t === undefined || seen.has(t.node)) === true) {
      outcome.forEach((t, i) => {
        if (t !== undefined) now.set(original.outputs[i]!, current(t));
      });
    } else if (outcome !== undefined) {
      const order = topologicalOrder(
        outcome.filter((t) => t !== undefined),
        (n) => seen.has(n),
      );
      frames.push({ order, next: 0, site: original, outcome });
    } else if (node !== original) {
      seen.add(node);
      original.outputs.forEach((t, i) => {
        now.set(t, node.outputs[i]!);
      });
    }
  }
  const results = fn.results.map(current);
  const same = results.every((t, i) => t === fn.results[i]);
  const rewritten = same ? fn : new Fn(fn.name, fn.inputs, results, fn.aliases);
  done.set(fn, rewritten);
  return rewritten;
}

/** The attributes with the regions rewritten that the op runs. A composite's own functions are left alone. */
function regionsOf({ op, attrs }: Node, start: (fn: Fn) => Rule, done: Map<Fn, Fn>): Attrs {
  if (op.kind === "composite") return attrs;
  let changed = false;
  const mapped = mapRegions(op, attrs, (region) => {
    const rewritten = rewriteOne(region as Fn, start, done);
    changed ||= rewritten !== region;
    return rewritten;
  });
  return changed ? mapped : attrs;
}

/** The node with other inputs and attributes, and with a place in the user's program if it has none; itself where nothing changes. */
function renewed(node: Node, current: (t: Tensor) => Tensor, attrs: Attrs, site: Node | undefined): Node {
  const placeless = node.scope === undefined && node.source === undefined;
  const moves = placeless && site !== undefined && (site.scope !== undefined || site.source !== undefined);
  if (!moves && attrs === node.attrs && node.inputs.every((t) => current(t) === t)) return node;
  return new Node(node.op, node.inputs.map(current), attrs, node.results, moves ? site : node);
}
