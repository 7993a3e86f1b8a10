import { floorDiv } from "./index-division.ts";
import { addIndex, indexVariable, multiplyIndex, subtractIndex } from "./index-expression.ts";
import { substituteIndex, variablesOf } from "./index-fold.ts";
import type { Index, IndexVariable } from "./index-node.ts";
import type { Lanes } from "./view-address.ts";

/** `lanesOf`. */
export function lanesAt(address: Index, variable: IndexVariable, lanes: number): Lanes {
  const block = indexVariable(`${variable.name}/`, floorDiv(variable.min, lanes), floorDiv(variable.max, lanes));
  const lane = indexVariable(`${variable.name}%`, 0, lanes - 2);
  const first = multiplyIndex(block, lanes);
  const start = substituteIndex(address, new Map([[variable, first]]));
  const at = (x: Index): Index => substituteIndex(address, new Map([[variable, addIndex(first, x)]]));
  const stride = subtractIndex(at(addIndex(lane, 1)), at(lane));
  const uniform = !variablesOf(stride).has(lane as IndexVariable);
  return { stride: uniform ? stride : undefined, alignment: start.multiple };
}
