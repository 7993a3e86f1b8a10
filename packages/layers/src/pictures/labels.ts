import { shapeText, type TensorType, type Variable } from "@tenon/tensor";
import { elements } from "../flops.ts";
import type { FlowNode } from "../flow.ts";
import { type Frame, framesIn, nameOfEnd } from "../frames.ts";
import { initializers } from "../initializers/initializer.ts";
import type { AnyLayer } from "../layer.ts";
import { survey } from "../state.ts";
import { grouped } from "../table.ts";

/** What is written at a node. */
export interface Label {
  /** The kind of layer, or what an op does. */
  readonly title: string;
  /** The layer's settings. */
  readonly settings: string;
  /** What the model calls it, where that says more than its kind and number. */
  readonly name: string;
  /** Shapes of its results. */
  readonly shape: string;
  /** How many parameters it has of its own. */
  readonly parameters: string;
  /** `× 4` where it stands for four. */
  readonly times: string;
}

/** The signs of ops that a reader knows without their name. */
const signs: Readonly<Record<string, string>> = { add: "+", sub: "−", mul: "×", div: "÷", concat: "concatenate" };

/** The names of initialisers, with their settings. */
const initializer = new RegExp(`, (${Object.keys(initializers).join("|")}|constant)\\b([(][^)]*[)])?`, "g");

/** How many ops are told of a node of many. */
const OPS = 3;

/** Labels for the nodes of a model. A layer that is called again says so instead of counting its parameters twice. */
export function labeller(model: Frame): (node: FlowNode, frame: Frame) => Label {
  const { layers, held } = survey(model.call.layer);
  const firsts = new Map<AnyLayer, FlowNode>();
  for (const { flow } of framesIn(model)) {
    for (const node of flow.nodes) {
      const layer = node.call?.layer;
      if (layer !== undefined && !firsts.has(layer)) firsts.set(layer, node);
    }
  }
  return (node, frame) => {
    const shape = shapesOf(node.types);
    if (node.role !== "op" && node.call === undefined) {
      return { title: nameOfEnd(node), settings: "", name: "", shape: typesOf(node.types), parameters: "", times: "" };
    }
    if (node.call === undefined) {
      const ops = node.names.filter((name, i) => name !== node.names[i - 1]);
      const more = ops.length > OPS ? " …" : "";
      const title = ops.length === 1 ? (signs[ops[0]!] ?? ops[0]!) : ops.slice(0, OPS).join(" · ") + more;
      return { title, settings: "", name: "", shape, parameters: "", times: "" };
    }
    const { layer } = node.call;
    const count = variablesOf(layer, frame.inner.has(node), held);
    const again = firsts.get(layer) !== node && count > 0;
    return {
      title: layer.kind,
      settings: settingsOf(layer),
      name: ownName(layers.get(layer)!, layer.kind),
      shape,
      parameters: again ? "shared" : count === 0 ? "" : grouped(count),
      times: node.times === undefined ? "" : `× ${node.times}`,
    };
  };
}

/** What is written at a frame: what the model calls it, and what it is. */
export function frameTitle({ title, settings, name }: Label): string {
  const kind = [title, settings].filter(Boolean).join(" ");
  return name === "" ? kind : title === "sequential" ? name : `${name}: ${kind}`;
}

/** The elements of a layer's own Variables; of those below it too, where these are not in the picture. */
function variablesOf(layer: AnyLayer, isFrame: boolean, held: ReturnType<typeof survey>["held"]): number {
  const own: readonly Variable[] = isFrame ? held.get(layer)!.variables : [...survey(layer).variables.keys()];
  return own.reduce((sum, { shape }) => sum + elements(shape), 0);
}

const shapesOf = (types: readonly TensorType[]): string => types.map(({ shape }) => shapeText(shape)).join(" ");

const typesOf = (types: readonly TensorType[]): string =>
  types.map(({ dtype, shape }) => `${dtype === "float32" ? "" : `${dtype} `}${shapeText(shape)}`).join(" ");

/** What a layer says of itself after its kind, without initialisers: they say nothing of what it computes. */
function settingsOf(layer: AnyLayer): string {
  const text = layer.describe();
  const rest = text.startsWith(layer.kind) ? text.slice(layer.kind.length) : text;
  return rest.replaceAll(initializer, "").replace(/^[, ]+/, "");
}

/** The last part of a path, unless it is the kind with a number, or a number alone. */
function ownName(path: string, kind: string): string {
  const last = path.split(".").at(-1)!;
  return last.replace(/_?\d+$/, "").toLowerCase() === kind.toLowerCase() || /^\d*$/.test(last) ? "" : last;
}
