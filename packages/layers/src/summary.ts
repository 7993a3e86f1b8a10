import { dryRun, dtypes, inference, shapeText, type Tensor, type TensorType, typeText } from "@tenon/tensor";
import { treeLeaves } from "@tenon/tree";
import { unbuilt } from "./build.ts";
import { callsOf } from "./calls.ts";
import { elements, flopsBehind } from "./flops.ts";
import { type Frame, frameOf, framesIn, nameOfEnd, type Spot, sourcesOf, spotsIn } from "./frames.ts";
import type { AnyLayer } from "./layer.ts";
import { argumentOf, placeOf } from "./place.ts";
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
  /** The paths of the layers whose results it takes, or the names of the model's inputs. */
  readonly connectedTo: readonly string[];
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
  const frame = frameOf(callsOf("summary", layer));
  const ends = [...layers.keys()].filter((l) => held.get(l)!.layers.length === 0);
  const shown = new Set(
    [...layers.keys()].filter((l) => held.get(l)!.variables.length > 0 || flops.get(l)! > 0).concat(ends),
  );
  const connections = connectionsOf(frame, layers, shown);
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
      connectedTo: connections.get(l) ?? [],
    };
  });
  return {
    kind: layer.kind,
    inputs,
    layers: [...layers.keys()].flatMap((l, i) => (shown.has(l) ? [rows[i]!] : [])),
    parameters: total(rows, (row) => row.parameters),
    trainable: total(rows, (row) => row.trainable),
    flops: total(rows, (row) => row.flops),
    byteLength: total(rows, (row) => row.byteLength),
    activationByteLength: total(ends, (l) => total(placeOf(l).outputs, bytes)),
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
    const ys = treeLeaves<unknown>(layer.call(argumentOf(layer, xs), inference)) as Tensor[];
    for (const { scope, flops } of flopsBehind(ys)) {
      const l = ofScope(scope);
      sums.set(l, sums.get(l)! + flops);
    }
  });
  return sums;
}

/**
 * For each layer the paths of those that it takes from, in all its calls. What a layer computes between others is its own;
 * where it has no row, what that takes from stands in its place.
 */
function connectionsOf(
  model: Frame,
  paths: ReadonlyMap<AnyLayer, string>,
  shown: ReadonlySet<AnyLayer>,
): ReadonlyMap<AnyLayer, readonly string[]> {
  const namesOf = ({ node, frame }: Spot): readonly string[] =>
    sourcesOf(node, frame).flatMap((source) => {
      if (source.node.role === "input") return [nameOfEnd(source.node)];
      const { layer } = source.node.call ?? source.frame.call;
      return shown.has(layer) ? [paths.get(layer)!] : namesOf(source);
    });
  const found = new Map<AnyLayer, readonly string[]>();
  for (const spot of framesIn(model).flatMap(spotsIn)) {
    if (spot.node.role === "input" || spot.node.role === "output") continue;
    const { layer } = spot.node.call ?? spot.frame.call;
    const names = namesOf(spot).filter((name) => name !== paths.get(layer) || spot.node.call !== undefined);
    found.set(layer, [...new Set([...(found.get(layer) ?? []), ...names])]);
  }
  return found;
}

/**
 * The same as a table for a terminal or a log. Where layers do not simply follow one another, it says what each is connected
 * to.
 */
export function summary(layer: AnyLayer): string {
  const { kind, inputs, layers, ...all } = summarize(layer);
  const isChain = layers.every(({ connectedTo }, i) => i === 0 || String(connectedTo) === layers[i - 1]!.path);
  const rows = layers.map((row) => [
    nameOfRow(row.path),
    row.description,
    row.outputs.map(({ shape }) => shapeText(shape)).join(" "),
    row.parameters === 0 ? "" : grouped(row.parameters),
    row.parameters === 0 ? "" : trained(row),
    row.flops === 0 ? "" : short(row.flops),
    row.byteLength === 0 ? "" : memory(row.byteLength),
    ...(isChain ? [] : [row.connectedTo.map(nameOfRow).join(", ")]),
  ]);
  const head = ["layer", "kind", "output", "parameters", "trained", "FLOPs", "memory"];
  const foot = ["", "", "", grouped(all.parameters), trained(all), short(all.flops), memory(all.byteLength)];
  const lines = isChain ? table(head, rows, foot) : table([...head, "connected to"], rows, [...foot, ""]);
  return [
    `${kind}: ${inputs.map(typeText).join(", ")}`,
    "",
    ...lines,
    "",
    `FLOPs are for one example, forward. Its results in all layers take ${memory(all.activationByteLength)}.`,
  ].join("\n");
}

const nameOfRow = (path: string): string => (path === "" ? "(itself)" : path);

const trained = ({ parameters, trainable }: { readonly parameters: number; readonly trainable: number }): string =>
  trainable === parameters ? "all" : trainable === 0 ? "none" : grouped(trainable);
