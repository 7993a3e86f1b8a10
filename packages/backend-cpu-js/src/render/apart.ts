import type { DType } from "@tenon/ir";
import { always, floorDiv, type Index, least, type Parts } from "@tenon/lowering";
import { constantOf, isVector, LANES, type Lanes } from "./arithmetic.ts";
import { divided, exponentOf, type IsUniform, quotient, renderIndex } from "./indices.ts";
import { accessOf, type Place, sizeOf, widen } from "./memory.ts";
import { type Access, clamped, type LaneLoop, type Places, type Surroundings } from "./places.ts";
import { blockStride } from "./stride.ts";
import type { Node } from "./tape.ts";

/** `a − b·⌊a / b⌋`, of lanes by one quotient where that is the same in all. */
export function remainder(
  lanes: Lanes,
  isUniform: IsUniform | undefined,
  a: Node,
  b: Node,
  dividend: Index,
  divisor: Index,
): Node {
  if (!isVector(a) || exponentOf(b) !== undefined || isUniform?.(floorDiv(dividend, divisor)) !== true)
    return modulus(lanes, a, b, dividend, divisor);
  const whole = quotient(lanes, lanes.extract(a, "int32", 0), b, dividend, divisor);
  return lanes.integer("sub", a, lanes.integer("mul", whole, b));
}

/** `a − b·⌊a / b⌋`. */
function modulus(lanes: Lanes, a: Node, b: Node, dividend: Index, divisor: Index): Node {
  if (exponentOf(b) !== undefined) return lanes.integer("and", a, lanes.i32(constantOf(b)! - 1));
  return divided(lanes, a, b, divisor, (x, y) => {
    if (least(dividend) >= 0) return lanes.tape.pure("i32.rem_u", [x, y]);
    const rest = lanes.tape.pure("i32.rem_s", [x, y]);
    return lanes.integer("add", rest, lanes.integer("and", y, lanes.shift("shr_s", rest, 31)));
  });
}

/** The remainders of an address, in bytes. */
export const remainderBytes = (around: Surroundings, remainders: Parts["remainders"], size: number): Node[] =>
  remainders.map(({ scale, dividend, divisor }) => {
    const { lanes } = around;
    const rest = modulus(lanes, around.index(dividend), around.index(divisor), dividend, divisor);
    return scale.kind === "constant"
      ? lanes.integer("mul", rest, lanes.i32(scale.value * size))
      : lanes.integer("mul", lanes.integer("mul", rest, around.index(scale)), lanes.i32(size));
  });

/** Where lanes are that move evenly only within a vector, or not even there: then their addresses are computed as a vector. */
export function unevenPlaces(
  around: Surroundings,
  open: LaneLoop,
  { slot, address, mask, copy, strays }: Access,
): Places {
  const { lanes } = around;
  const { aligned, first, variable, variation } = open;
  const base = around.slots.get(slot)!;
  const size = sizeOf(slot.dtype);
  const inBytes = (index: Node): Node => lanes.integer("mul", index, lanes.i32(size));
  const step = aligned === true ? blockStride(address, variable, variation.variables) : undefined;
  if (step !== undefined) {
    const here = lanes.integer("add", first, lanes.i32(LANES * copy));
    const index = renderIndex(lanes, address, (v) => (v === variable ? here : around.variable(v, copy)));
    const pointer = lanes.integer("add", base, inBytes(index));
    const checked = strays && mask !== always && (step === 0 || step === 1);
    return { first: { pointer: checked ? clamped(lanes, pointer) : pointer, offset: 0 }, stride: step * size };
  }
  const distances = inBytes(around.index(address, copy));
  return [0, 1, 2, 3].map((lane) => {
    const pointer = lanes.integer("add", base, lanes.extract(distances, "int32", lane));
    return { pointer: strays ? clamped(lanes, pointer) : pointer, offset: 0 };
  });
}

/** Four elements, each at its own place. */
export function loadEach(lanes: Lanes, dtype: DType, places: readonly Place[]): Node {
  const { tape } = lanes;
  if (sizeOf(dtype) === 4) {
    const [first, ...rest] = places;
    return rest.reduce(
      (x, { pointer, offset }, i) => tape.read("v128.load32_lane", [pointer, x], i + 1, offset),
      tape.read("v128.load32_zero", [first!.pointer], first!.offset),
    );
  }
  const { load } = accessOf(dtype);
  const values = places.map(({ pointer, offset }) => tape.read(load, [pointer], offset));
  return widen(lanes, dtype, lanes.join(values, "int32"));
}
