/**
 * Names of the leaves of an optimizer's state: `adam.hidden.weight.mean` for the slot `mean` of the parameter
 * `hidden.weight`, `adam.step` for one that belongs to none.
 *
 * Which parameter a leaf belongs to is read from its path: the state has the parameters' tree in it, so that the path of
 * the leaf has the parameter's path in it. What else there is in the path names the slot; positions in chains are left
 * out where the names are different without them.
 *
 * @param state Path and leaf of each leaf.
 * @param params Path and name of each parameter.
 */
export function slotNames(
  optimizer: string,
  state: readonly (readonly [path: string, leaf: unknown])[],
  params: readonly (readonly [path: string, name: string])[],
): string[] {
  const longestFirst = [...params].sort(([a], [b]) => b.length - a.length);
  const parts = state.map(([path]) => split(path, longestFirst));
  const short = parts.map(({ name, slot }) => joined(optimizer, name, slot.replaceAll(/(^|\.)\d+(?=\.|$)/g, "")));
  if (new Set(short).size === short.length) return short;
  return parts.map(({ name, slot }) => joined(optimizer, name, slot));
}

function split(
  path: string,
  params: readonly (readonly [path: string, name: string])[],
): { name: string; slot: string } {
  for (const [param, name] of params) {
    if (param === "") return { name, slot: path };
    const at = `.${path}.`.lastIndexOf(`.${param}.`);
    if (at < 0 || (at === 0 && /^\d/.test(param))) continue; // a number at the beginning is a place in a chain
    const slot = [path.slice(0, Math.max(at - 1, 0)), path.slice(at + param.length + 1)]
      .filter((s) => s !== "")
      .join(".");
    if (slot !== "") return { name, slot };
  }
  return { name: "", slot: path };
}

const joined = (...parts: readonly string[]): string =>
  parts
    .map((part) => part.replace(/^\.+/, ""))
    .filter((part) => part !== "")
    .join(".");
