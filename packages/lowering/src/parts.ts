import { late } from "./late.ts";

/** Ops, elementary functions and shapes of addresses that most programs do without. */
export const rare = late(() => import("./rare.ts"));

/** Loads what is loaded when it is wanted, for those who use this package without a backend. */
export const loadParts = (): Promise<void> => rare.load();
