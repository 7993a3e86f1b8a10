import { currentPath, foldIn, OptionError, StateError, Tensor, typeText, valueText } from "@tenon/ir";
import { currentFrame, type Frame } from "./frame.ts";

/** A random key: two words of uint32. */
export type Key = Tensor;

/**
 * How a layer is being called: for inference, or for training with a random key. There is no global mode.
 */
export class Context {
  readonly kind: "training" | "inference";
  readonly #root: Key | undefined;
  readonly #frame: Frame | undefined;
  readonly #calls = new Map<string, number>();

  constructor(kind: "training" | "inference", key?: Key) {
    if (kind === "training") checkKey("training", key);
    this.kind = kind;
    this.#root = key;
    this.#frame = currentFrame()?.compiling;
  }

  get isTraining(): boolean {
    return this.kind === "training";
  }

  /** The key that the context was made with, for passing the context into a compiled function. */
  get rootKey(): Key | undefined {
    return this.#root;
  }

  /** A key of the layer's own: the context's key with the layer's path and the number of the call folded in. */
  nextKey(path: string = currentPath() ?? ""): Key {
    if (this.#root === undefined) {
      throw new StateError("E410", "context", "a random key is wanted in an inference context", {
        fix: "call the layer with training(key)",
      });
    }
    if (currentFrame()?.compiling !== this.#frame) {
      throw new StateError(
        "E411",
        "context",
        "a training context from outside is used in a compiled function, so that every call would draw the same numbers",
        {
          fix: "pass the context, or a key, as an argument of the function",
        },
      );
    }
    const count = this.#calls.get(path) ?? 0;
    this.#calls.set(path, count + 1);
    return foldIn(foldIn(this.#root, pathHash(path)), count);
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

/** The number by which a layer's path is folded into a key: FNV-1a of its UTF-16 units, 32 bits. */
export function pathHash(path: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < path.length; i++) hash = Math.imul(hash ^ path.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** Calls layers as in training: dropout drops, batch statistics are taken and kept. */
export const training = (key: Key): Context => new Context("training", key);

/** Calls layers as they are used afterwards. The default everywhere. */
export const inference: Context = new Context("inference");

/** A Context among the types of arguments. */
export interface ContextSpec {
  readonly context: Context["kind"];
}

/** The type of a training context, for `compile`'s `inputs`. */
export const trainingSpec: ContextSpec = { context: "training" };

/** The type of an inference context, for `compile`'s `inputs`. */
export const inferenceSpec: ContextSpec = { context: "inference" };
