import type { AnyLayer } from "./layer.ts";
import { Recurrent } from "./recurrent.ts";
import { survey } from "./state.ts";

/** Sets what the stateful layers of a model begin with to zero, as before another text: `resetState(net)`. */
export function resetState(layer: AnyLayer): void {
  for (const l of survey(layer).layers.keys()) if (l instanceof Recurrent) l.resetState();
}
