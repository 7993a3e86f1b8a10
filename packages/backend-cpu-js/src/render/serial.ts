import type { For, Index, Slot } from "@tenon/lowering";
import { evenStride } from "./stride.ts";
import { type Variation, walk } from "./variation.ts";

/**
 * Whether iterations that run in order may run four at a time: each slot is stored to once, and what is loaded from it is the
 * element that is stored, another one in each iteration.
 */
export function keepsOrder({ body, variable }: For, { variables }: Variation): boolean {
  const stored = new Map<Slot, Index>();
  let keeps = true;
  walk(body, (s) => {
    if (s.kind !== "store") return;
    if (stored.has(s.slot)) keeps = false;
    stored.set(s.slot, s.address);
  });
  walk(body, (s) => {
    if (s.kind !== "let" || s.value.kind !== "load") return;
    const { slot, address } = s.value;
    if (stored.has(slot) && (stored.get(slot) !== address || !evenStride(address, variable, variables))) keeps = false;
  });
  return keeps;
}
