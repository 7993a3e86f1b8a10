import { dryRun, inference, Tensor } from "@tenon/tensor";
import { treeEntries, treeLeaves, treeMap } from "@tenon/tree";
import { unbuilt } from "./build.ts";
import type { AnyLayer } from "./layer.ts";
import { keepMask } from "./mask.ts";
import { argumentOf, placeOf } from "./place.ts";
import { survey } from "./state.ts";

/** A tensor that goes into a layer or comes out of it, with its name in the record or list it is part of. */
export interface Named {
  readonly name: string;
  readonly tensor: Tensor;
}

/** One call of a layer while its model runs: what goes in, what comes out, and the calls of other layers in between. */
export interface Call {
  readonly layer: AnyLayer;
  readonly inputs: readonly Named[];
  /** As the caller sees it. */
  readonly outputs: readonly Named[];
  /** The same as the layer made it: where it hands on what it was given, these are the tensors that it was given. */
  readonly results: readonly Tensor[];
  readonly calls: readonly Call[];
}

/** A call that has not ended. */
interface Open {
  readonly calls: Call[];
}

/**
 * The calls of layers in an inference of a built model, as a tree. Nothing is computed. No two calls give the same tensor:
 * where a layer hands on what it was given, the next one is told of another that is equal.
 */
export function callsOf(op: string, model: AnyLayer): Call {
  const { built } = placeOf(model);
  if (!built) throw unbuilt(op, model);
  const top: Open = { calls: [] };
  const stack: Open[] = [top];
  const seen = new Set<Tensor>();
  const renewed = (x: Tensor): Tensor => {
    const y = seen.has(x) ? keepMask(x, new Tensor(x.node, x.index, x)) : x;
    seen.add(y);
    return y;
  };
  const watch = (layer: AnyLayer): (() => void) => {
    const own = Object.getOwnPropertyDescriptor(layer, "forward");
    const forward = layer.forward;
    const watched = (x: unknown, ...rest: unknown[]): unknown => {
      const call: Open = { calls: [] };
      for (const given of treeLeaves<unknown>(x) as Tensor[]) seen.add(given);
      stack.push(call);
      try {
        const results: unknown = Reflect.apply(forward, layer, [x, ...rest]);
        const y: unknown = treeMap(renewed as never, results as never);
        const made = treeLeaves<unknown>(results) as Tensor[];
        const done: Call = { layer, inputs: named(x), outputs: named(y), results: made, calls: call.calls };
        stack.at(-2)!.calls.push(done);
        return y;
      } finally {
        stack.pop();
      }
    };
    Object.defineProperty(layer, "forward", { value: watched, configurable: true, enumerable: false });
    return () => {
      delete (layer as { forward?: unknown }).forward;
      if (own !== undefined) Object.defineProperty(layer, "forward", own);
    };
  };
  const restore = [...survey(model).layers.keys()].map(watch);
  try {
    dryRun(placeOf(model).inputs, (...xs: Tensor[]) => void model.call(argumentOf(model, xs), inference));
  } finally {
    for (const back of restore) back();
  }
  return top.calls[0]!;
}

const named = (value: unknown): Named[] =>
  treeEntries<unknown>(value).map(([name, tensor]) => ({ name, tensor: tensor as Tensor }));
