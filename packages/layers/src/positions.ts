import { currentPath, DTypeError, iota, isInteger, ShapeError, Tensor } from "@tenon/tensor";
import { refuse } from "./check.ts";

/** A sequence, and the place of its first step, an int32 of rank 0: how many steps went before it. */
export interface SequenceFrom {
  readonly input: Tensor;
  readonly offset: Tensor;
}

/** What a layer that knows places is called with; without an offset the first step is at 0. */
export type PositionedInput = Tensor | SequenceFrom;

/** The sequence and its offset, the sequence being of one rank. */
export function positioned(
  kind: string,
  given: PositionedInput,
  form: string,
  rank: number,
): { readonly x: Tensor; readonly offset: Tensor | undefined } {
  const [x, offset] = given instanceof Tensor ? [given] : [given.input, given.offset];
  if (x.rank !== rank)
    refuse(kind, x, "E206", `the input has rank ${x.rank}, not ${rank}, in ${form}`, `give it ${form}`);
  if (offset !== undefined) checkPlace(kind, "offset", offset);
  return { x, offset };
}

/** Refuses what is no whole number of rank 0. */
export function checkPlace(kind: string, name: string, place: Tensor): void {
  if (!isInteger(place.dtype)) {
    throw new DTypeError("E201", kind, `${name} is ${place.dtype} where int32 is wanted`, {
      operands: { [name]: place },
      at: currentPath(),
      fix: 'make it int32, as in tensor(0, { dtype: "int32" })',
    });
  }
  if (place.rank === 0) return;
  throw new ShapeError("E206", kind, `${name} has rank ${place.rank}, not 0`, {
    operands: { [name]: place },
    fix: "give one number for all examples",
  });
}

/** The places of the steps of a sequence, axis 1: int32 (T) */
export function placesOf(x: Tensor, offset: Tensor | undefined): Tensor {
  const places = iota([x.shape[1]!]);
  return offset === undefined ? places : places.add(offset.cast("int32"));
}
