import { ulp } from "@tenon/conformance";
import { type HasVariables, hostKey, hostUniform, tensor, type Variable, variablesOf } from "@tenon/tensor";
import { treeLeaves } from "@tenon/tree";

/** Moves every number that is learned to the float32 next to it, above or below as the coins of this run fall. */
export async function nudge(model: HasVariables, run: number): Promise<void> {
  for (const v of treeLeaves(variablesOf(model)) as Variable[]) {
    const values = Float64Array.from(await v.value.data(), Number);
    const coins = hostUniform(hostKey(run), values.length);
    const moved = values.map((value, i) => value + (coins[i]! < 0.5 ? -1 : 1) * ulp("float32", value));
    v.assign(tensor(moved, { shape: v.shape, dtype: "float32" }));
  }
}
