import { OptionError, StateError, Tensor, typeText, valueText } from "@tenon/ir";

/** A random key: two words of uint32. */
export type Key = Tensor;

/**
 * How a layer is being called: for inference, or for training with a random key. There is no global mode.
 */
export class Context {
  get kind(): "training" | "inference" {
    return "inference";
  }

  get isTraining(): boolean {
    return this.kind === "training";
  }

  /** The key that the context was made with, for passing the context into a compiled function. */
  get rootKey(): Key | undefined {
    return undefined;
  }

  /** A key of the layer's own: the context's key with the layer's path and the number of the call folded in. */
  nextKey(_path?: string): Key {
    throw new StateError("E410", "context", "a random key is wanted in an inference context", {
      fix: "call the layer with training(key)",
    });
  }

  /** A context of this kind, with another key where it has one. */
  get again(): ContextSpec["of"] {
    return () => this;
  }
}

/** Refuses what is no random key. */
export function checkKey(op: string, key: unknown): asserts key is Key {
  if (key instanceof Tensor && key.dtype === "uint32" && key.shape.length === 1 && key.shape[0] === 2) return;
  throw new OptionError(
    "E803",
    op,
    `the key is ${key instanceof Tensor ? typeText(key) : valueText(key)}, which is no random key`,
    { fix: "make one from a seed, as in key(0)" },
  );
}

/** Calls layers as they are used after training. The default everywhere. */
export const inference: Context = new Context();

/** A Context among the types of arguments. */
export interface ContextSpec {
  readonly context: Context["kind"];
  /** Such a context, from its key. */
  readonly of: (key?: Key) => Context;
}

/** The type of an inference context, for `compile`'s `inputs`. */
export const inferenceSpec: ContextSpec = { context: "inference", of: inference.again };
