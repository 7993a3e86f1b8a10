import { isRecord } from "@tenon/tensor";

/** How layers mark themselves, whatever copy of the package they come from. */
const brand: unique symbol = Symbol.for("tenon.layer") as never;

/** What a layer of `@tenon/layers` shows of itself. */
export interface LayerView {
  readonly path: string;
  readonly kind: string;
  fields(): Readonly<Record<string, unknown>>;
  forward(...args: unknown[]): unknown;
}

export const isLayer = (value: unknown): value is LayerView =>
  typeof value === "object" && value !== null && brand in value;

/** A layer and all below it, each once. */
export function layersOf(root: unknown): readonly LayerView[] {
  const seen = new Set<unknown>();
  const found: LayerView[] = [];
  const look = (value: unknown): void => {
    if (typeof value !== "object" || value === null || seen.has(value)) return;
    seen.add(value);
    if (isLayer(value)) {
      found.push(value);
      Object.values(value.fields()).forEach(look);
    } else if (Array.isArray(value) || isRecord(value)) {
      Object.values(value).forEach(look);
    }
  };
  look(root);
  return found;
}
