/**
 * Where nodes are being recorded: the path of the layer, whether source lines are collected, the line to use where they
 * are not, and how many traces are under way, whose nodes belong to a function and not to the program at large.
 */
export const currentScope: { path: string | undefined; sources: boolean; source: string | undefined; traces: number } =
  {
    path: undefined,
    sources: false,
    source: undefined,
    traces: 0,
  };

/**
 * Runs `body` as part of a function: the runtime is not told of what it records, so that no flush turns a half-made
 * graph into values.
 */
export function withTrace<T>(body: () => T): T {
  currentScope.traces++;
  try {
    return body();
  } finally {
    currentScope.traces--;
  }
}

/** Runs `body` with `name` appended to the layer path of every node it records. */
export function withScope<T>(name: string, body: () => T): T {
  const outer = currentScope.path;
  currentScope.path = outer === undefined ? name : `${outer}.${name}`;
  try {
    return body();
  } finally {
    currentScope.path = outer;
  }
}

/** Runs `body` while every recorded node keeps the user's source line. */
export function withSources<T>(body: () => T, sources = true): T {
  const outer = currentScope.sources;
  currentScope.sources = sources;
  try {
    return body();
  } finally {
    currentScope.sources = outer;
  }
}

/** Runs `body` so that every node it records has the place of `origin`: a derivative belongs to the layer it is taken of. */
export function withOrigin<T>(
  origin: { readonly scope: string | undefined; readonly source: string | undefined },
  body: () => T,
): T {
  const { path, sources, source } = currentScope;
  currentScope.path = origin.scope;
  currentScope.sources = false;
  currentScope.source = origin.source;
  try {
    return body();
  } finally {
    currentScope.path = path;
    currentScope.sources = sources;
    currentScope.source = source;
  }
}

/** Path of the layer that is being called, such as `encoder.dense1`. */
export const currentPath = (): string | undefined => currentScope.path;
