import { type Dim, Fn, type FunctionRef, type Node, type Shape, StateError, type Tensor } from "@tenon/ir";
import { addIndex, indexAxis, indexOfDim, multiplyIndex, subtractIndex } from "../index-expression.ts";
import type { Index } from "../index-node.ts";
import type { Item, Stretch } from "../kernel/program.ts";
import { elementsOf, type Lowering } from "./lower.ts";

type Place = (t: Tensor) => Stretch;

interface ScanAttrs {
  readonly body: FunctionRef;
  readonly length: Dim;
  readonly reverse: boolean;
  readonly kinds: readonly ("const" | "carry" | "xs")[];
}

interface WhileAttrs {
  readonly cond: FunctionRef;
  readonly body: FunctionRef;
  readonly consts: number;
  readonly max_trip?: number;
}

/** What runs an op with regions. Its operands and results lie in memory. */
export function lowerControl(work: Lowering, node: Node, place: Place): readonly Item[] {
  if (node.op.name === "scan") return scan(work, node, place);
  if (node.op.name === "cond") return cond(work, node, place);
  return whileLoop(work, node, place);
}

const regionOf = (fn: FunctionRef): Fn => {
  if (fn instanceof Fn) return fn;
  throw new StateError("E308", "lowering", "a region is no graph; toGraph makes it one");
};

/** A stretch that begins `index` slices of `shape` further on. */
const sliceAt = ({ buffer, start }: Stretch, index: Index, shape: Shape): Stretch => ({
  buffer,
  start: addIndex(start, multiplyIndex(index, elementsOf(shape))),
});

const copy = (from: Stretch, to: Stretch, shape: Shape): Item => ({
  kind: "copy",
  from,
  to,
  elements: elementsOf(shape),
});

/** The carries begin as copies of the operands, in the memory of the results; what a trip makes of them is copied there when it ends. */
function scan(work: Lowering, node: Node, place: Place): readonly Item[] {
  const { body, length, reverse, kinds } = node.attrs as unknown as ScanAttrs;
  const fn = regionOf(body);
  const size = indexOfDim(length);
  const trip = indexAxis(`t${node.id}`, size);
  const at = reverse ? subtractIndex(addIndex(size, -1), trip) : trip;
  const carried = node.inputs.filter((_, i) => kinds[i] === "carry");
  let next = 0;
  const inputs = node.inputs.map((t, i) => {
    if (kinds[i] === "carry") return place(node.outputs[next++]!);
    return kinds[i] === "xs" ? sliceAt(place(t), at, fn.inputs[i]!.shape) : place(t);
  });
  const begin = carried.map((t, i) => copy(place(t), place(node.outputs[i]!), t.shape));
  const { results, end } = trips(work, fn, carried.length, node, place);
  const targets = fn.results.map((t, i) =>
    i < carried.length ? results[i]! : sliceAt(place(node.outputs[i]!), at, t.shape),
  );
  const run = [...work.items(fn, inputs, targets), ...end];
  if (trip.kind === "variable") return [...begin, { kind: "loop", variable: trip, length: size, body: run }];
  return length === 0 ? begin : [...begin, ...run];
}

/** New values of carries in buffers of their own, and the copies that make them the carries. */
function trips(work: Lowering, fn: Fn, carries: number, node: Node, place: Place) {
  const results = fn.results.slice(0, carries).map((t) => work.buffer(t, { kind: "temporary" }));
  const end = results.map((from, i) => copy(from, place(node.outputs[i]!), fn.results[i]!.shape));
  return { results, end };
}

function cond(work: Lowering, node: Node, place: Place): readonly Item[] {
  const [index, ...args] = node.inputs as readonly [Tensor, ...Tensor[]];
  const inputs = args.map(place);
  const results = node.outputs.map(place);
  const fns = node.attrs.fns as readonly FunctionRef[];
  const branches = fns.map((fn) => work.items(regionOf(fn), inputs, results));
  return [{ kind: "branch", index: place(index), branches }];
}

function whileLoop(work: Lowering, node: Node, place: Place): readonly Item[] {
  const { cond: condition, body, consts, max_trip: most } = node.attrs as unknown as WhileAttrs;
  const fixed = node.inputs.slice(0, consts).map(place);
  const carried = node.inputs.slice(consts);
  const carries = node.outputs.map(place);
  const begin = carried.map((t, i) => copy(place(t), carries[i]!, t.shape));
  const flag = work.buffer({ dtype: "bool", shape: [] }, { kind: "temporary" });
  const test = work.items(regionOf(condition), [...fixed, ...carries], [flag]);
  const fn = regionOf(body);
  const { results, end } = trips(work, fn, carried.length, node, place);
  const run = [...work.items(fn, [...fixed, ...carries], results), ...end];
  return [...begin, { kind: "while", condition: test, flag: flag.buffer, body: run, most }];
}
