export { maximum, minimum, selectIndex } from "./index-choice.ts";
export { floorDiv, modIndex } from "./index-division.ts";
export {
  addIndex,
  constantIndex,
  type IndexLike,
  indexAxis,
  indexOfDim,
  indexVariable,
  multiplyIndex,
  subtractIndex,
} from "./index-expression.ts";
export { evaluateIndex, foldIndex, type IndexBuilder, substituteIndex, variablesOf } from "./index-fold.ts";
export type { Index, IndexNode, IndexVariable, Predicate } from "./index-node.ts";
export { always, and, atMost, equalIndex, lessThan, never, not, or } from "./index-predicate.ts";
export { greatest, least } from "./index-range.ts";
export { indexText } from "./index-text.ts";
export { indexAxes, type Read, type View, type ViewOptions, viewOf } from "./view.ts";
export { addressOf, fitsInt32, type Lanes, lanesOf, strideOf } from "./view-address.ts";
export { isMove } from "./view-moves.ts";
