import { late } from "@tenon/lowering";

/** What most programs do without. */
export const rare = late(() => import("./rare.ts"));
