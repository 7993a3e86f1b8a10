import { type Dim, sameDim } from "./dim.ts";
import { fail } from "./rule.ts";
import { broadcastShapes, type Shape, type TensorType } from "./shape.ts";

/** Sizes by the letters of a signature, and the shape that the leading axes broadcast to. */
export interface Match {
  readonly loop: Shape;
  readonly sizes: ReadonlyMap<string, Dim>;
}

/**
 * Matches shapes with a NumPy gufunc signature such as `(m,k),(k,n)->(m,n)`; the axes before those named broadcast.
 * Refuses through `fail`, naming the letter that has two sizes.
 */
export function matchSignature(signature: string, names: readonly string[], operands: readonly TensorType[]): Match {
  const cores = [...signature.split("->")[0]!.matchAll(/\(([^)]*)\)/g)].map((m) => m[1]!.split(",").filter(Boolean));
  const sizes = new Map<string, Dim>();
  const owner = new Map<string, string>();
  const loops = operands.map(({ shape }, i) => {
    const core = cores[i]!;
    const depth = shape.length - core.length;
    if (depth < 0) fail("E206", `${names[i]} has rank ${shape.length}, below ${core.length}, in ${signature}`);
    core.forEach((letter, j) => {
      const size = shape[depth + j]!;
      const seen = sizes.get(letter);
      if (seen !== undefined && !sameDim(seen, size)) {
        fail("E204", `${letter} is ${seen} in ${owner.get(letter)} but ${size} in ${names[i]}, in ${signature}`);
      }
      sizes.set(letter, size);
      owner.set(letter, names[i]!);
    });
    return shape.slice(0, depth);
  });
  const loop = broadcastShapes(...loops);
  return { loop: loop ?? fail("E203", `leading axes do not broadcast, in ${signature}`), sizes };
}
