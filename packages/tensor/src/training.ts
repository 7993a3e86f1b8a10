import { currentPath, foldIn, StateError } from "@tenon/ir";
import { Context, type ContextSpec, checkKey, type Key } from "./context.ts";
import { currentFrame } from "./frame.ts";

class Training extends Context {
  readonly #root: Key;
  readonly #frame = currentFrame()?.compiling;
  readonly #calls = new Map<string, number>();

  constructor(key?: Key) {
    super();
    checkKey("training", key);
    this.#root = key;
  }

  override get kind(): "training" {
    return "training";
  }

  override get rootKey(): Key {
    return this.#root;
  }

  override nextKey(path: string = currentPath() ?? ""): Key {
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

  override get again(): ContextSpec["of"] {
    return trainingSpec.of;
  }
}

/** The number by which a layer's path is folded into a key: FNV-1a of its UTF-16 units, 32 bits. */
export function pathHash(path: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < path.length; i++) hash = Math.imul(hash ^ path.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** Calls layers as in training: dropout drops, batch statistics are taken and kept. */
export const training = (key: Key): Context => new Training(key);

/** The type of a training context, for `compile`'s `inputs`. */
export const trainingSpec: ContextSpec = { context: "training", of: (key) => new Training(key) };
