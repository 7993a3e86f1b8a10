/** Where nodes are being recorded: the path of the layer, and whether source lines are collected. */
export const currentScope: { path: string | undefined; sources: boolean } = { path: undefined, sources: false };

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
