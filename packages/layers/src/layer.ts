import {
  Context,
  type HostKey,
  inference,
  type Key,
  OptionError,
  Tensor,
  type TensorType,
  tensorFix,
  type VariableTree,
  valueText,
  variables,
} from "@tenon/tensor";
import { treeEntries, treeLeaves } from "@tenon/tree";
import { buildLayer, isBuilt, reach, unbuilt } from "./build.ts";
import type { GraphNode, NodesOf } from "./graph-node.ts";
import { inPlace, placeOf, settle } from "./place.ts";
import { layerBrand, nested } from "./state.ts";

export type AnyLayer = Layer<any, any>;

/** Types of tensors, in lists and records. */
export type TypeTree = TensorType | readonly TypeTree[] | { readonly [name: string]: TypeTree };

export interface BuildOptions {
  /** Where initial values come from: `key(0)`. Every layer folds its path into it. */
  readonly key: Key;
  /** The type of the input, or a list or record of types where there are several: `spec(["B", 784])`. Named sizes stay open. */
  readonly inputs: TypeTree;
  /** What the names of the Variables begin with, for a program with several models. */
  readonly name?: string;
}

/**
 * A part of a network. The fields that hold Variables or layers, also in lists and records, are its state; nothing is
 * registered. Private `#fields` are not seen.
 *
 * A layer is built once, from the types of its inputs, and then called: with `training(key)`, or without a context for
 * inference. A layer of one's own needs `forward`, and `buildSelf` where it has Variables whose sizes depend on the input.
 *
 * @typeParam X What it is called with: a tensor, or a list or record of tensors.
 * @typeParam Y What it gives.
 */
export abstract class Layer<X = Tensor, Y = Tensor> {
  /** What the layer computes. It is reached through `call`, which adds the layer's path. */
  abstract forward(x: X, ctx: Context): Y;

  /**
   * Makes the layer's own Variables, when it is reached for the first time. Layers in its fields are built by themselves
   * when `forward` calls them.
   *
   * @param key This layer's own; use `hostSplit` where several values are random.
   * @param inputs The types of the input's tensors.
   */
  buildSelf?(key: HostKey, ...inputs: readonly TensorType[]): void;

  get [layerBrand](): true {
    return true;
  }

  /** What is searched for Variables and layers, by name: the fields. */
  fields(): Readonly<Record<string, unknown>> {
    return this as unknown as Readonly<Record<string, unknown>>;
  }

  /** Terms that regularisers add to the loss, of this layer without the layers below it. */
  penalties(): readonly Tensor[] {
    return [];
  }

  /** What sort of layer it is, for summaries and errors. */
  get kind(): string {
    const { name } = this.constructor;
    return name === "" ? "layer" : name[0]!.toLowerCase() + name.slice(1);
  }

  /** The kind and the main settings, for summaries. */
  describe(): string {
    return this.kind;
  }

  /** The path in the model it was built in, such as `encoder.dense1`; empty for the model itself. */
  get path(): string {
    return placeOf(this).path;
  }

  /** Whether it can be called. A layer that has nothing to build always can. */
  get built(): boolean {
    return isBuilt(this);
  }

  /** Makes the Variables of this layer and of all below it, by running types through it. Returns the layer. */
  build(options: BuildOptions): this {
    buildLayer(this, options);
    return this;
  }

  /** The layer's result. What it records has the layer's path, and so have random numbers. */
  call(x: X, ctx: Context = inference): Y {
    checkArguments(this.kind, x, ctx);
    return inPlace(this, () => {
      const finish = reach(this, x);
      const y = this.forward(x, ctx);
      checkResult(this.kind, y);
      finish?.(y);
      return y;
    });
  }

  /**
   * The layer in a graph of layers: nodes of its results, for nodes of its inputs. A graph begins with `input`, and `model`
   * makes a layer of it. On several nodes the layer has one set of Variables.
   */
  on(x: NodesOf<X>): NodesOf<Y> {
    const [node] = treeLeaves<unknown>(x) as (GraphNode | undefined)[];
    if (typeof node?.feed === "function") return node.feed(this, x) as NodesOf<Y>;
    throw new OptionError("E803", this.kind, `on is given ${valueText(x)}, which is no node of a graph`, {
      fix: "begin a graph with input([28, 28, 1]), and call layers on tensors by call",
    });
  }

  /** The Variables of this layer and of all below it, by path: those of `hidden` are in `hidden`. */
  [variables](): VariableTree {
    const { layers, variables: found } = settle(this);
    for (const layer of layers.keys())
      if (!layer.built) throw unbuilt("variables", layer, { path: layers.get(layer)!, alone: placeOf(this).built });
    return nested(found);
  }
}

function checkArguments(kind: string, x: unknown, ctx: unknown): void {
  if (!(x instanceof Tensor)) checkTensors(kind, "the input", x);
  if (ctx instanceof Context) return;
  throw new OptionError("E803", kind, `the context is ${valueText(ctx)}, which is no context`, {
    fix: "call the layer with training(key), or without a context for inference",
  });
}

function checkResult(kind: string, y: unknown): void {
  if (!(y instanceof Tensor)) checkTensors(kind, "the result of forward", y);
}

function checkTensors(kind: string, what: string, value: unknown): void {
  const entries = treeEntries<unknown>(value);
  const strange = entries.find(([, leaf]) => !(leaf instanceof Tensor));
  if (strange === undefined && entries.length > 0) return;
  const among = entries.some(([, leaf]) => leaf instanceof Tensor);
  const [path, found] = among ? strange! : ["", value];
  const name = path === "" ? what : `${what} at ${path}`;
  throw new OptionError("E803", kind, `${name} is ${valueText(found)}, which is no tensor`, { fix: tensorFix(found) });
}
