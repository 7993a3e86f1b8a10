import type { Lanes } from "./arithmetic.ts";
import type { Node } from "./tape.ts";

/** Bits of float32: its infinity, and a NaN with every sign bit off. */
const INFINITY = 0x7f800000;

/** Powers of two as float32 bits: 2¹¹², which moves the exponent of float16 to that of float32; 2¹⁶; ½; 2⁻¹⁴. */
const RESCALE = 2 ** 112;
const OVERFLOW = 0x47800000;
const HALF = 0x3f000000;
const SMALLEST_NORMAL = 0x38800000;

/** The float32 of a float16 in the low 16 bits; subnormals are exact, since the product is. */
export function halfToFloat(lanes: Lanes, half: Node): Node {
  const magnitude = lanes.integer("and", half, lanes.i32(0x7fff));
  const sign = lanes.shift("shl", lanes.integer("xor", half, magnitude), 16);
  const moved = lanes.shift("shl", magnitude, 13);
  const scaled = lanes.apply("mul", "float32", lanes.reinterpret(moved, "f32"), lanes.constant("float32", RESCALE));
  const special = lanes.apply("gt_s", "int32", magnitude, lanes.i32(0x7bff));
  const bits = lanes.select(
    special,
    lanes.integer("or", moved, lanes.i32(INFINITY)),
    lanes.reinterpret(scaled, "i32"),
    "int32",
  );
  return lanes.reinterpret(lanes.integer("or", bits, sign), "f32");
}

/** The nearest float16, ties to even, in the low 16 bits. */
export function floatToHalf(lanes: Lanes, x: Node): Node {
  const bits = lanes.reinterpret(x, "i32");
  const magnitude = lanes.integer("and", bits, lanes.i32(0x7fffffff));
  const sign = lanes.shift("shr_u", lanes.integer("xor", bits, magnitude), 16);
  // ½ + |x| has its last bit where a subnormal float16 has it, and so rounds there
  const sum = lanes.apply("add", "float32", lanes.reinterpret(magnitude, "f32"), lanes.constant("float32", 0.5));
  const subnormal = lanes.integer("sub", lanes.reinterpret(sum, "i32"), lanes.i32(HALF));
  const rounded = roundBits(lanes, magnitude, 13);
  const normal = lanes.integer("sub", rounded, lanes.i32(112 << 10)); // the difference of the exponents' biases
  const special = lanes.select(
    lanes.apply("gt_s", "int32", magnitude, lanes.i32(INFINITY)),
    lanes.i32(0x7e00),
    lanes.i32(0x7c00),
    "int32",
  );
  const finite = lanes.select(
    lanes.apply("lt_s", "int32", magnitude, lanes.i32(SMALLEST_NORMAL)),
    subnormal,
    normal,
    "int32",
  );
  const result = lanes.select(lanes.apply("lt_s", "int32", magnitude, lanes.i32(OVERFLOW)), finite, special, "int32");
  return lanes.integer("or", result, sign);
}

/** The float32 of a bfloat16 in the low 16 bits. */
export const brainToFloat = (lanes: Lanes, brain: Node): Node =>
  lanes.reinterpret(lanes.shift("shl", brain, 16), "f32");

/** The nearest bfloat16, ties to even, in the low 16 bits. */
export function floatToBrain(lanes: Lanes, x: Node): Node {
  const bits = lanes.reinterpret(x, "i32");
  const magnitude = lanes.integer("and", bits, lanes.i32(0x7fffffff));
  const quiet = lanes.integer("or", lanes.shift("shr_u", bits, 16), lanes.i32(0x40));
  const nan = lanes.apply("gt_s", "int32", magnitude, lanes.i32(INFINITY));
  return lanes.select(nan, quiet, roundBits(lanes, bits, 16), "int32");
}

/** `x / 2^count`, unsigned, to the nearest, ties to even. */
function roundBits(lanes: Lanes, x: Node, count: number): Node {
  const odd = lanes.integer("and", lanes.shift("shr_u", x, count), lanes.i32(1));
  const almostHalf = lanes.i32((1 << (count - 1)) - 1);
  return lanes.shift("shr_u", lanes.integer("add", lanes.integer("add", x, almostHalf), odd), count);
}
