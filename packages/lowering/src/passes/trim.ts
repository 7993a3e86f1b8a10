import { type Attrs, applyOp, Fn, type Node, type ScanKind, type Tensor, topologicalOrder } from "@tenon/ir";
import type { Rule } from "./pass.ts";

/** Control flow without the results that are not used, and without what nothing else reads. */
export const trim = (node: Node, used: readonly boolean[]): ReturnType<Rule> => trims[node.op.name]!(node, used);

type Trim = (node: Node, used: readonly boolean[]) => ReturnType<Rule>;

const trims: Readonly<Record<string, Trim>> = { cond: trimCond, scan: trimScan, while: trimWhile };

/** The inputs of a function that some of its results depend on. */
function readInputs({ inputs }: Fn, results: readonly Tensor[]): boolean[] {
  const reached = new Set(topologicalOrder(results));
  return inputs.map((t) => reached.has(t.node));
}

const kept = <T>(list: readonly T[], marks: readonly boolean[]): T[] => list.filter((_, i) => marks[i]);
const all = (marks: readonly boolean[]): boolean => !marks.includes(false);
const either = (a: readonly boolean[], b: readonly boolean[]): boolean[] => a.map((mark, i) => mark || b[i]!);

/** The region with some of its inputs and results. */
const partOf = (fn: Fn, inputs: readonly boolean[], results: readonly boolean[]): Fn =>
  new Fn(fn.name, kept(fn.inputs, inputs), kept(fn.results, results));

/** The node with fewer operands and results, and undefined in the place of those that are gone. */
function trimmed({ op }: Node, inputs: readonly Tensor[], attrs: Attrs, used: readonly boolean[]): ReturnType<Rule> {
  const outputs = applyOp(op, inputs, attrs);
  let next = 0;
  return used.map((mark) => (mark ? outputs[next++] : undefined));
}

function trimCond(node: Node, used: readonly boolean[]): ReturnType<Rule> {
  const fns = node.attrs.fns as readonly Fn[];
  const read = fns.map((fn) => readInputs(fn, kept(fn.results, used))).reduce(either);
  if (all(used) && all(read)) return undefined;
  const [index, ...args] = node.inputs;
  return trimmed(node, [index!, ...kept(args, read)], { fns: fns.map((fn) => partOf(fn, read, used)) }, used);
}

function trimScan(node: Node, used: readonly boolean[]): ReturnType<Rule> {
  const body = node.attrs.body as Fn;
  const kinds = node.attrs.kinds as readonly ScanKind[];
  const slots = kinds.flatMap((kind, i) => (kind === "carry" ? [i] : []));
  const [wanted, read] = spread(body, used, slots);
  const operands = read.map((mark, i) => (kinds[i] === "carry" ? wanted[slots.indexOf(i)]! : mark));
  if (all(wanted) && all(operands)) return undefined;
  const attrs = { ...node.attrs, body: partOf(body, operands, wanted), kinds: kept(kinds, operands) };
  return trimmed(node, kept(node.inputs, operands), attrs, wanted);
}

function trimWhile(node: Node, used: readonly boolean[]): ReturnType<Rule> {
  const [cond, body] = [node.attrs.cond as Fn, node.attrs.body as Fn];
  const consts = node.attrs.consts as number;
  const asked = readInputs(cond, cond.results);
  const slots = body.results.map((_, i) => consts + i);
  const [wanted, inner] = spread(body, either(used, asked.slice(consts)), slots);
  const read = either(asked, inner);
  const operands = read.map((mark, i) => (i < consts ? mark : wanted[i - consts]!));
  if (all(wanted) && all(operands)) return undefined;
  const every = cond.results.map(() => true);
  const attrs = {
    ...node.attrs,
    cond: partOf(cond, operands, every),
    body: partOf(body, operands, wanted),
    consts: kept(operands.slice(0, consts), operands).length,
  };
  return trimmed(node, kept(node.inputs, operands), attrs, wanted);
}

/**
 * The results of a loop's body that those wanted need from step to step, and the inputs that these read.
 *
 * @param slots The input that result `i`, a carry, becomes in the next step.
 */
function spread(
  body: Fn,
  wanted: readonly boolean[],
  slots: readonly number[],
): readonly [results: readonly boolean[], inputs: readonly boolean[]] {
  for (;;) {
    const read = readInputs(body, kept(body.results, wanted));
    const next = wanted.map((mark, i) => mark || (i < slots.length && read[slots[i]!]!));
    if (next.every((mark, i) => mark === wanted[i])) return [next, read];
    wanted = next;
  }
}
