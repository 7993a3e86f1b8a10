import {
  type Context,
  checkOptions,
  OptionError,
  type Tensor,
  type TensorType,
  typeText,
  valueText,
} from "@tenon/tensor";
import { type TreeStructure, treeEntries, treeFlatten, treeFlattenLike, treeUnflatten } from "@tenon/tree";
import { refuse } from "./check.ts";
import { type Application, GraphNode, nodeText } from "./graph-node.ts";
import { type AnyLayer, type BuildOptions, Layer, type TypeTree } from "./layer.ts";
import { numbered } from "./sequential.ts";
import { isLayer } from "./state.ts";

/** Nodes of a graph, in lists and records. */
export type NodeTree = GraphNode | readonly NodeTree[] | { readonly [name: string]: NodeTree };

/** Tensors where there are nodes. */
export type TensorsOf<N> = NodeTree extends N
  ? any
  : N extends GraphNode
    ? Tensor
    : { readonly [K in keyof N]: TensorsOf<N[K]> };

export interface ModelOptions<I extends NodeTree, O extends NodeTree> {
  /** What the model is called with: a node, or a list or record of nodes, of `input` or from the midst of a graph. */
  readonly inputs: I;
  /** What it gives, in the same way. */
  readonly outputs: O;
  /** Names for layers of the graph; the others are called by kind and number, `dense1`, as in `sequential`. */
  readonly layers?: Readonly<Record<string, AnyLayer>>;
}

interface Nodes {
  readonly leaves: readonly GraphNode[];
  readonly structure: TreeStructure<unknown>;
}

/**
 * The layers between some nodes of a graph as one layer, with any number of inputs and results.
 *
 * A layer that stands at several places has one set of Variables. The model's inputs may lie in the midst of a graph, so
 * that a part of one is a model too; it shares its layers with the whole.
 */
export class GraphModel<X = Tensor, Y = Tensor> extends Layer<X, Y> {
  readonly #inputs: Nodes;
  readonly #outputs: Nodes;
  readonly #applications: readonly Application[];
  readonly #layers: Readonly<Record<string, AnyLayer>>;

  constructor(options: ModelOptions<NodeTree, NodeTree>) {
    super();
    checkOptions("model", options, ["inputs", "outputs", "layers"]);
    const { inputs, outputs, layers = {} } = options;
    this.#inputs = nodesOf("inputs", Array.isArray(inputs) && inputs.length === 1 ? inputs[0] : inputs);
    this.#outputs = nodesOf("outputs", outputs);
    this.#applications = between(this.#inputs.leaves, this.#outputs.leaves);
    this.#layers = namesOf(new Set(this.#applications.map(({ layer }) => layer)), layers);
  }

  override get kind(): string {
    return "model";
  }

  override fields(): Readonly<Record<string, unknown>> {
    return this.#layers;
  }

  /** Makes the Variables of all layers. The types of the inputs are those of the graph's nodes, unless others are given. */
  override build(options: Omit<BuildOptions, "inputs"> & { readonly inputs?: TypeTree }): this {
    const { leaves, structure } = this.#inputs;
    return super.build({ inputs: treeUnflatten(structure, leaves) as TypeTree, ...options });
  }

  override forward(x: X, ctx: Context): Y {
    const values = new Map<GraphNode, Tensor>();
    const given = Array.isArray(x) && x.length === 1 && this.#inputs.leaves.length === 1 ? (x[0] as unknown) : x;
    (treeFlattenLike(this.#inputs.structure, given, "model") as Tensor[]).forEach((t, i) => {
      values.set(this.#inputs.leaves[i]!, fitting(t, this.#inputs.leaves[i]!));
    });
    const valuesOf = ({ leaves, structure }: Nodes): unknown =>
      treeUnflatten(
        structure,
        leaves.map((node) => values.get(node)!),
      );
    for (const { layer, inputs, structure, outputs } of this.#applications) {
      const y: unknown = layer.call(valuesOf({ leaves: inputs, structure }), ctx);
      (treeFlatten(y).leaves as Tensor[]).forEach((t, i) => {
        values.set(outputs[i]!, t);
      });
    }
    return valuesOf(this.#outputs) as Y;
  }
}

function nodesOf(what: string, tree: unknown): Nodes {
  const { leaves, structure } = treeFlatten(tree);
  const strange = treeEntries<unknown>(tree).find(([, leaf]) => !(leaf instanceof GraphNode));
  if (strange === undefined && leaves.length > 0) return { leaves: leaves as GraphNode[], structure };
  const [path, found] = strange ?? ["", tree];
  throw new OptionError(
    "E803",
    "model",
    `${path === "" ? what : `${what}.${path}`} is ${valueText(found)}, which is no node of a graph`,
    { fix: "give nodes: results of input, or of layer.on(node)" },
  );
}

/** The layers from inputs to outputs, each after those whose results it takes. */
function between(inputs: readonly GraphNode[], outputs: readonly GraphNode[]): readonly Application[] {
  const wanted = new Set<GraphNode>();
  const order = new Set<Application>();
  const stack: (GraphNode | Application)[] = outputs.toReversed();
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    if (!(next instanceof GraphNode)) {
      order.add(next); // all that it takes has been seen to
      continue;
    }
    if (wanted.has(next)) continue;
    wanted.add(next);
    if (inputs.includes(next)) continue;
    if (next.origin === undefined) throw missing(next);
    if (!order.has(next.origin)) stack.push(next.origin, ...next.origin.inputs.toReversed());
  }
  const idle = inputs.find((node) => !wanted.has(node));
  if (idle === undefined) return [...order];
  throw new OptionError("E803", "model", `no output depends on ${nodeText(idle)}`, { fix: "leave it out of inputs" });
}

const missing = (node: GraphNode): OptionError =>
  new OptionError("E803", "model", `an output depends on ${nodeText(node)}, which is not among inputs`, {
    fix: "add it to inputs, or begin at a node behind it",
  });

/** The layers by name: those that have been named, and the others by kind and number. */
function namesOf(
  layers: ReadonlySet<AnyLayer>,
  given: Readonly<Record<string, AnyLayer>>,
): Readonly<Record<string, AnyLayer>> {
  for (const [name, layer] of Object.entries(given)) {
    if (layers.has(layer)) continue;
    const problem = isLayer(layer) ? `a ${layer.kind} that is not between inputs and outputs` : valueText(layer);
    throw new OptionError("E803", "model", `layers has ${problem}, as ${name}`, {
      fix: "name layers of the graph, as in layers: { encoder }",
    });
  }
  const rest = [...layers].filter((layer) => !Object.values(given).includes(layer));
  const names = numbered(rest, Object.keys(given));
  return { ...given, ...Object.fromEntries(rest.map((layer, i) => [names[i]!, layer])) };
}

/** A tensor for an input of the graph, whose sizes that are numbers it has to have. */
function fitting(x: Tensor, node: GraphNode): Tensor {
  const fits = (wanted: TensorType): boolean =>
    x.dtype === wanted.dtype &&
    x.rank === wanted.shape.length &&
    wanted.shape.every((d, i) => typeof d !== "number" || typeof x.shape[i] !== "number" || x.shape[i] === d);
  if (fits(node)) return x;
  return refuse(
    "model",
    x,
    "E202",
    `${node.name === undefined ? "the input" : nodeText(node)} is ${typeText(x)} but the graph was made for ${typeText(node)}`,
    "give it that type, or make the graph for this one",
  );
}

/**
 * A layer of a graph of layers, with several inputs and results where wanted:
 * `model({ inputs: [a, b], outputs: dense(10).on(add().on([a, b])) })`.
 */
export const model = <const I extends NodeTree, const O extends NodeTree>(
  options: ModelOptions<I, O>,
): GraphModel<TensorsOf<I>, TensorsOf<O>> => new GraphModel(options);
