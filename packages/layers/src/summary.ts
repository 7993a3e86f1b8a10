import { dryRun, dtypes, inference, shapeText, type Tensor, type TensorType, typeText } from "@tenon/tensor";
import { treeLeaves } from "@tenon/tree";
import { unbuilt } from "./build.ts";
import { elements, flopsBehind } from "./flops.ts";
import type { AnyLayer } from "./layer.ts";
import { placeOf } from "./place.ts";
import { survey } from "./state.ts";
import { grouped, memory, short, table } from "./table.ts";

/** What a summary says of one layer. */
export interface LayerSummary {
  /** Path in the model, empty for the model itself. */
  readonly path: string;
  readonly kind: string;
  /** The kind with its settings. */
  readonly description: string;
  readonly outputs: readonly TensorType[];
  /** Elements of the layer's own Variables, statistics included. */
  readonly parameters: number;
  /** How many of them are trained. */
  readonly trainable: number;
  /** Floating-point operations for one example, forward. */
  readonly flops: number;
  /** Of the layer's own Variables. */
  readonly byteLength: number;
}

/** What a summary says of a model: the sums over its layers. */
export interface Summary {
  readonly kind: string;
  readonly inputs: readonly TensorType[];
  readonly layers: readonly LayerSummary[];
  readonly parameters: number;
  readonly trainable: number;
  readonly flops: number;
  readonly byteLength: number;
  /** Of the results of all layers for one example. */
  readonly activationByteLength: number;
}

/**
 * Shapes, parameters, floating-point operations and memory of a layer that has been built, layer by layer. Sizes that are
 * names count as 1, so that a model built for `["B", 784]` is described per example; inference is meant.
 *
 * A multiplication and an addition are two operations. Layers that only hold others are left out, unless they compute
 * something of their own.
 */
export function summarize(layer: AnyLayer): Summary {
  const { built, inputs } = placeOf(layer);
  if (!built) throw unbuilt("summary", layer);
  const { layers, held } = survey(layer);
  const flops = flopsByLayer(layer, inputs, [...layers.keys()]);
  const rows = [...layers].map(([l, path]): LayerSummary => {
    const own = held.get(l)!.variables;
    return {
      path,
      kind: l.kind,
      description: l.describe(),
      outputs: placeOf(l).outputs,
      parameters: total(own, count),
      trainable: total(
        own.filter((v) => v.trainable),
        count,
      ),
      flops: flops.get(l)!,
      byteLength: total(own, bytes),
    };
  });
  const ends = [...layers.keys()].map((l) => held.get(l)!.layers.length === 0);
  return {
    kind: layer.kind,
    inputs,
    layers: rows.filter(({ parameters, flops }, i) => parameters > 0 || flops > 0 || ends[i]),
    parameters: total(rows, (row) => row.parameters),
    trainable: total(rows, (row) => row.trainable),
    flops: total(rows, (row) => row.flops),
    byteLength: total(rows, (row) => row.byteLength),
    activationByteLength: total(
      rows.filter((_, i) => ends[i]),
      (row) => total(row.outputs, bytes),
    ),
  };
}

const total = <T>(list: readonly T[], of: (item: T) => number): number => list.reduce((sum, item) => sum + of(item), 0);
const count = ({ shape }: TensorType): number => elements(shape);
const bytes = ({ dtype, shape }: TensorType): number => elements(shape) * dtypes[dtype].byteLength;

/** Operations by the innermost layer that was being called. */
function flopsByLayer(
  layer: AnyLayer,
  inputs: readonly TensorType[],
  layers: readonly AnyLayer[],
): ReadonlyMap<AnyLayer, number> {
  const sums = new Map(layers.map((l) => [l, 0]));
  const byDepth = layers.toSorted((a, b) => b.path.length - a.path.length);
  const ofScope = (scope: string): AnyLayer =>
    byDepth.find(({ path }) => path === "" || scope === path || scope.startsWith(`${path}.`)) ?? layer;
  dryRun(inputs, (...xs: Tensor[]) => {
    const ys = treeLeaves<unknown>(layer.call(xs.length === 1 ? xs[0] : xs, inference)) as Tensor[];
    for (const { scope, flops } of flopsBehind(ys)) {
      const l = ofScope(scope);
      sums.set(l, sums.get(l)! + flops);
    }
  });
  return sums;
}

/** The same as a table for a terminal or a log. */
export function summary(layer: AnyLayer): string {
  const { kind, inputs, layers, ...all } = summarize(layer);
  const rows = layers.map((row) => [
    row.path === "" ? "(itself)" : row.path,
    row.description,
    row.outputs.map(({ shape }) => shapeText(shape)).join(" "),
    row.parameters === 0 ? "" : grouped(row.parameters),
    row.parameters === 0 ? "" : trained(row),
    row.flops === 0 ? "" : short(row.flops),
    row.byteLength === 0 ? "" : memory(row.byteLength),
  ]);
  const head = ["layer", "kind", "output", "parameters", "trained", "FLOPs", "memory"];
  const foot = ["", "", "", grouped(all.parameters), trained(all), short(all.flops), memory(all.byteLength)];
  const lines = table(head, rows, foot);
  return [
    `${kind}: ${inputs.map(typeText).join(", ")}`,
    "",
    ...lines,
    "",
    `FLOPs are for one example, forward. Its results in all layers take ${memory(all.activationByteLength)}.`,
  ].join("\n");
}

const trained = ({ parameters, trainable }: { readonly parameters: number; readonly trainable: number }): string =>
  trainable === parameters ? "all" : trainable === 0 ? "none" : grouped(trainable);
