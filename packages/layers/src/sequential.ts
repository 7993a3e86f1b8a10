import { type Context, OptionError, type Tensor, valueText } from "@tenon/tensor";
import { type AnyLayer, Layer } from "./layer.ts";
import { isLayer } from "./state.ts";

/** What `sequential` takes: a list of layers, or a record of them by name. */
export type LayerList = readonly Layer[] | Readonly<Record<string, Layer>>;

/**
 * Layers one after the other: the result of each is the input of the next.
 *
 * In a list they are called by kind and number, `dense1`, `dense2`, …; a record gives them names of their own.
 */
export class Sequential extends Layer {
  readonly layers: readonly Layer[];
  readonly #names: readonly string[];

  constructor(layers: LayerList) {
    super();
    const given: unknown = layers;
    if (typeof given !== "object" || given === null || isLayer(given)) {
      throw new OptionError("E803", "sequential", `the layers are ${valueText(given)}, which is no list`, {
        fix: "give one list, for example sequential([dense(10)])",
      });
    }
    for (const [name, layer] of Object.entries(layers)) {
      if (isLayer(layer)) continue;
      throw new OptionError("E803", "sequential", `layer ${name} is ${valueText(layer)}, which is no layer`, {
        fix:
          typeof layer === "function"
            ? "make one of it: activation(f) for a function of a tensor"
            : "give layers, such as dense(10)",
      });
    }
    this.layers = Object.values(layers);
    this.#names = Array.isArray(layers) ? numbered(this.layers) : Object.keys(layers);
  }

  override get kind(): string {
    return "sequential";
  }

  override fields(): Readonly<Record<string, unknown>> {
    return Object.fromEntries(this.#names.map((name, i) => [name, this.layers[i]]));
  }

  override forward(x: Tensor, ctx: Context): Tensor {
    return this.layers.reduce((y, layer) => layer.call(y, ctx), x);
  }
}

/** Names by kind and number: `dense1`, `dense2`, …, without those that are taken. */
export function numbered(layers: readonly AnyLayer[], taken: readonly string[] = []): string[] {
  const counts = new Map<string, number>();
  return layers.map(({ kind }) => {
    let count = counts.get(kind) ?? 0;
    do count++;
    while (taken.includes(`${kind}${count}`));
    counts.set(kind, count);
    return `${kind}${count}`;
  });
}

/** Layers one after the other: `sequential([flatten(), dense(256, { activation: "relu" }), dense(10)])`. */
export const sequential = (layers: LayerList): Sequential => new Sequential(layers);
