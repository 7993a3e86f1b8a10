/** A part of a compiler that most programs do without. It is loaded before the first one that needs it is compiled. */
export interface Late<T> {
  load(): Promise<void>;
  /** The part, which is loaded. */
  readonly now: T;
}

export function late<T>(load: () => Promise<T>): Late<T> {
  const part = {
    now: undefined as T,
    load: async () => {
      part.now ??= await load();
    },
  };
  return part;
}
