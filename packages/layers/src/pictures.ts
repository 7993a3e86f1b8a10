export { toMermaid } from "./pictures/mermaid.ts";
export type { PictureOptions } from "./pictures/options.ts";
export { toSvg } from "./pictures/svg.ts";
