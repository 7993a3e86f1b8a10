import { Fn, type ForwardTransforms, input } from "@tenon/ir";
import { activeResults, marked, remembered } from "@tenon/ir/regions";
import { forward } from "./jvp.ts";
import { zerosOf } from "./rules.ts";

function pushed(fn: Fn, active: readonly boolean[], results: readonly boolean[] = []): Fn {
  const sources = marked(fn.inputs, active);
  const moving = activeResults(fn, active).map((mark, i) => mark || results[i] === true);
  const seeds = sources.map((t) => input(t));
  const { outputs, tangents } = forward(fn.results, sources, seeds);
  const changes = tangents.map((t, i) => t ?? zerosOf(outputs[i]!));
  return new Fn(`${fn.name}_jvp`, [...fn.inputs, ...seeds], [...outputs, ...marked(changes, moving)]);
}

/** What rules for forward mode are handed. */
export const forwardTransforms: ForwardTransforms = { active: remembered(activeResults), jvp: remembered(pushed) };
