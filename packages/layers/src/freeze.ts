import { didYouMean, type HasVariables, OptionError, type Variable, variablesOf } from "@tenon/tensor";
import { treeEntries } from "@tenon/tree";

/**
 * Excludes Variables from training: those whose path fits one of the patterns, all by default. `*` stands for anything, and
 * the path of a layer for all below it: `"encoder"`, `"encoder.*"`, `"*.bias"`. Gives their paths.
 *
 * A compiled step notices, and is traced anew. An optimizer that was bound before keeps its slots for them. A `batchNorm`
 * layer whose scale and bias are frozen uses its moving statistics, in training too.
 */
export function freeze(layer: HasVariables, patterns: string | readonly string[] = "*"): readonly string[] {
  return setTrainable("freeze", layer, patterns, () => false);
}

/** Takes parameters back into training. Statistics stay outside. Gives the paths of those that are trained again. */
export function unfreeze(layer: HasVariables, patterns: string | readonly string[] = "*"): readonly string[] {
  return setTrainable("unfreeze", layer, patterns, ({ role }) => role === "parameter");
}

function setTrainable(
  op: string,
  layer: HasVariables,
  patterns: string | readonly string[],
  trainable: (variable: Variable) => boolean,
): readonly string[] {
  const entries = treeEntries<unknown>(variablesOf(layer)) as [string, Variable][];
  const chosen = new Set<string>();
  for (const pattern of [patterns].flat()) {
    const fitting = entries.filter(([path]) => fits(pattern, path));
    if (fitting.length === 0) throw nothingFits(op, pattern, entries);
    for (const [path, variable] of fitting) {
      variable.trainable = trainable(variable);
      if (variable.role === "parameter") chosen.add(path);
    }
  }
  return [...chosen];
}

/** Whether a path, or the path of a layer it lies in, fits. */
function fits(pattern: string, path: string): boolean {
  const source = pattern.split("*").map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${source.join(".*")}(\\..*)?$`).test(path);
}

function nothingFits(op: string, pattern: string, entries: readonly (readonly [string, Variable])[]): OptionError {
  const paths = entries.map(([path]) => path);
  const guess = didYouMean(pattern.replace(/\.?\*$/, ""), paths.flatMap(withLayers));
  return new OptionError("E803", op, `no Variable has a path that fits ${JSON.stringify(pattern)}`, {
    fix: guess === "" ? `the paths are ${paths.slice(0, 8).join(", ")}${paths.length > 8 ? ", …" : ""}` : guess,
  });
}

const withLayers = (path: string): string[] => path.split(".").map((_, i, names) => names.slice(0, i + 1).join("."));
