/** One of them, or several in a list or record, as a model takes and gives tensors. */
export type OneOrMore<T> = T | readonly T[] | Readonly<Record<string, T>>;

/**
 * What the columns of a data set are to a model: `x` is one tensor, `x.image` and `x.words` are a record of two, `x.0` and
 * `x.1` a list.
 */
export interface Role {
  readonly columns: readonly string[];
  /** The names in the record or list; none where there is one tensor. */
  readonly keys: readonly string[];
  /** Something for each column, in the form that the model has it in. */
  arrange<T>(of: (column: string) => T): OneOrMore<T>;
}

/** The role called `name`; without columns where nothing is called so. */
export function roleOf(name: string, all: readonly string[]): Role {
  if (all.includes(name)) return { columns: [name], keys: [], arrange: (of) => of(name) };
  const columns = all.filter((column) => column.startsWith(`${name}.`));
  const keys = columns.map((column) => column.slice(name.length + 1));
  if (keys.every((_, i) => keys.includes(String(i)))) {
    const inOrder = keys.map((_, i) => `${name}.${i}`);
    return { columns: inOrder, keys: inOrder.map((_, i) => String(i)), arrange: (of) => inOrder.map(of) };
  }
  return { columns, keys, arrange: (of) => Object.fromEntries(keys.map((key, i) => [key, of(columns[i]!)])) };
}
