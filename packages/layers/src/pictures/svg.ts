import { elements } from "../flops.ts";
import type { AnyLayer } from "../layer.ts";
import { survey } from "../state.ts";
import { grouped } from "../table.ts";
import { drawFrame } from "./draw-frame.ts";
import { labeller } from "./labels.ts";
import { escaped } from "./marks.ts";
import { type PictureOptions, pictured } from "./options.ts";

const MARGIN = 16;

/**
 * A model as a picture, the text of an SVG file: a box for each layer, with its settings, shape and parameters, a frame
 * around each layer that holds others, and lines for the tensors that go from one to the other.
 *
 * The model has to be built. Sizes such as `B` stay names. The same model gives the same text.
 */
export function toSvg(model: AnyLayer, options: PictureOptions = {}): string {
  const root = pictured("toSvg", model, options);
  const parameters = [...survey(model).variables.keys()].reduce((sum, { shape }) => sum + elements(shape), 0);
  const { width, height, parts } = drawFrame(root, labeller(root));
  const [w, h] = [Math.ceil(width + 2 * MARGIN), Math.ceil(height + 2 * MARGIN)];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}" width="${w}" height="${h}" font-family="Helvetica, Arial, sans-serif" font-size="12" role="img">`,
    `<title>${escaped(`${model.kind}, ${grouped(parameters)} parameters`)}</title>`,
    `<rect width="${w}" height="${h}" fill="#ffffff"/>`,
    `<g transform="translate(${MARGIN} ${MARGIN})">`,
    ...parts,
    "</g>",
    "</svg>\n",
  ].join("\n");
}
