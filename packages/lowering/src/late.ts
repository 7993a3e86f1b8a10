import { StateError } from "@tenon/ir";

/** A part of a compiler that most programs do without. */
export interface Late<T> {
  /** The part. Where it is not loaded yet, `withParts` loads it and begins again. */
  readonly now: T;
  load(): Promise<void>;
}

class NotLoaded extends StateError {
  readonly load: () => Promise<void>;

  constructor(load: () => Promise<void>) {
    super("E420", "lowering", "a part of the compiler is not loaded", { fix: "await loadParts() first" });
    this.load = load;
  }
}

export function late<T>(load: () => Promise<T>): Late<T> {
  let part: T | undefined;
  const self: Late<T> = {
    get now() {
      if (part === undefined) throw new NotLoaded(self.load);
      return part;
    },
    async load() {
      part ??= await load();
    },
  };
  return self;
}

/** What `work` gives, which is begun again when a part that it wants has been loaded; nothing else may come of it. */
export async function withParts<T>(work: () => T): Promise<Awaited<T>> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof NotLoaded)) throw error;
      await error.load();
    }
  }
}
