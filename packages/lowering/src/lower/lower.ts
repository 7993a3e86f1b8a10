import { type EntrySignature, entrySignature } from "@tenon/backend";
import {
  type Dim,
  entryGraph,
  type Fn,
  type Node,
  type Shape,
  type Tensor,
  topologicalOrder,
  type VerifiedModule,
  withTrace,
} from "@tenon/ir";
import { emitGroup } from "../emit/emit.ts";
import { type Claims, expand } from "../expand.ts";
import { type FuseOptions, fuse } from "../fuse/fuse.ts";
import type { Group } from "../fuse/group.ts";
import { isGiven, isImplied } from "../fuse/spaces.ts";
import { constantIndex, indexOfDim, multiplyIndex } from "../index-expression.ts";
import { type Index, withIndexScope } from "../index-node.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { BufferSpec, Item, Origin, StepProgram, Stretch } from "../kernel/program.ts";
import { rare } from "../parts.ts";
import type { Rule } from "../passes/pass.ts";
import { rewrite } from "../passes/rewrite.ts";
import { simplify } from "../simplify.ts";
import { mergeLaunches } from "./merge-launches.ts";
import { shareKernels } from "./share-kernels.ts";
import { wideScatter } from "./wide-scatter.ts";

export interface LowerOptions {
  /** Whether the target keeps a composite whole. */
  readonly claims?: Claims | undefined;
  /** Composites on elements that the target has a word for. */
  readonly spells?: (op: string) => boolean;
  /** What the target would rather have than a node, where all else has been simplified. */
  readonly settle?: Rule;
  readonly templates?: FuseOptions["templates"];
  readonly maxBuffers?: number;
  readonly smallBytes?: number;
  readonly fusion?: boolean;
}

/** Ops that surely want the rare parts, and functions that targets render by polynomials that are among these. */
const rareOps = [
  ...["concat", "cond", "dynamic_slice", "dynamic_update", "fold", "pad", "scan", "scatter", "sort", "while"],
  ...["cos", "erf", "log1p", "pow", "sin", "tanh"],
];

/** An entry of a module as kernels and the order in which they run. */
export const lower = (module: VerifiedModule, entry: string, options: LowerOptions = {}): StepProgram =>
  withIndexScope(() =>
    withTrace(() => {
      const { claims, spells, settle } = options;
      const expanded = expand(entryGraph(module, entry), claims, spells && { spells });
      if (topologicalOrder(expanded.results).some(({ op }) => rareOps.includes(op.name))) void rare.now; // sooner than later
      return new Lowering(entrySignature(module, entry), options).program(settled(simplify(expanded), settle));
    }),
  );

/** Barriers have done their work when no pass is left that could move anything across; sums of 16-bit floats become wide. */
const settled = (fn: Fn, settle?: Rule): Fn =>
  rewrite(
    fn,
    () => (node, original) =>
      node.op.name === "barrier" ? node.inputs : (wideScatter(node) ?? settle?.(node, original)),
  );

/** Puts together the program of an entry. */
export class Lowering {
  readonly kernels: Kernel[] = [];
  readonly buffers: BufferSpec[] = [];
  readonly signature: EntrySignature;
  readonly options: Required<Pick<LowerOptions, "templates" | "maxBuffers" | "smallBytes" | "fusion">>;

  constructor(signature: EntrySignature, options: LowerOptions) {
    this.signature = signature;
    const { templates = new Set(), maxBuffers = Number.POSITIVE_INFINITY, smallBytes = 0, fusion = true } = options;
    this.options = { templates, maxBuffers, smallBytes, fusion };
  }

  program(fn: Fn): StepProgram {
    const inputs = fn.inputs.map((t, index) => this.buffer(t, { kind: "input", index }));
    const results = fn.results.map((t, index) => this.buffer(t, { kind: "result", index }));
    const items = mergeLaunches(this.items(fn, inputs, results), this.kernels);
    return { signature: this.signature, buffers: this.buffers, ...shareKernels(items, this.kernels) };
  }

  /** What computes a function: its inputs lie in `inputs`, and its results come to lie in `results`. */
  items(fn: Fn, inputs: readonly Stretch[], results: readonly Stretch[]): readonly Item[] {
    const places = new Map<Tensor, Stretch>(fn.inputs.map((t, i) => [t, inputs[i]!]));
    const copies: (readonly [Tensor, Stretch])[] = [];
    fn.results.forEach((result, i) => {
      const held = heldAs(result);
      if (places.has(held) || isGiven(held)) copies.push([held, results[i]!]);
      else places.set(held, results[i]!);
    });
    const needed = fn.results.map(heldAs);
    const fused = fuse(fn, { ...this.options, needed });
    const place = (t: Tensor): Stretch => {
      let known = places.get(t);
      if (known === undefined) {
        const data = t.node.attrs.value;
        known = this.buffer(t, data instanceof Uint8Array ? { kind: "constant", data } : { kind: "temporary" });
        places.set(t, known);
      }
      return known;
    };
    const items: Item[] = [];
    for (const group of fused.groups) {
      if (group.kind === "control") items.push(...rare.now.lowerControl(this, group.nodes[0]!, place));
      else items.push(this.launch(group, fused.stored, place));
    }
    for (const [from, to] of copies)
      items.push({ kind: "copy", from: place(from), to, elements: elementsOf(from.shape) });
    return items;
  }

  launch(group: Group, stored: ReadonlySet<Tensor>, place: (t: Tensor) => Stretch): Item {
    const { templates } = this.options;
    const { kernel, tensors } = emitGroup(group, stored, { templates, offsetOf: (t) => place(t).start });
    const instance = { buffers: tensors.map((t) => place(t).buffer), scalars: kernel.scalars };
    return {
      kind: "launch",
      kernel: this.kernels.push(kernel) - 1,
      instances: [instance],
      origin: originOf(group.nodes),
    };
  }

  /** A new buffer for a tensor, from its first element on. */
  buffer({ dtype, shape }: Pick<Tensor, "dtype" | "shape">, place: BufferSpec["place"]): Stretch {
    const buffer = this.buffers.push({ dtype, shape, elements: elementsOf(shape), place }) - 1;
    return { buffer, start: constantIndex(0) };
  }
}

/** The tensor whose elements, in their order, are those of a result. */
function heldAs(tensor: Tensor): Tensor {
  let held = tensor;
  while (held.node.op.name === "reshape") held = held.node.inputs[0]!;
  return isImplied(held) ? tensor : held;
}

export const elementsOf = (shape: Shape): Index =>
  multiplyIndex(...shape.map((d: Dim) => indexOfDim(d)), constantIndex(1));

function originOf(nodes: readonly Node[]): Origin {
  const scopes = nodes.flatMap((node) => (node.scope === undefined ? [] : [node.scope]));
  return {
    ops: [...new Set(nodes.map((node) => node.op.name))],
    scopes: [...new Set(scopes)],
    source: nodes.find((node) => node.source !== undefined)?.source,
  };
}
