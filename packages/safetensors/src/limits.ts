import { dtypeBytes, type SafetensorsDType } from "./dtype.ts";
import { formatError, limitError, type SafetensorsErrorDetails } from "./errors.ts";

/** What a file may hold. Bytes are bytes of the file, names are counted in UTF-8. */
export interface SafetensorsLimits {
  readonly headerBytes: number;
  readonly tensors: number;
  readonly nameBytes: number;
  readonly rank: number;
  readonly elements: number;
}

/** The format itself ends at a header of 100 MB; the other figures are this package's. */
export const defaultLimits: SafetensorsLimits = {
  headerBytes: 16 * 2 ** 20,
  tensors: 100_000,
  nameBytes: 1024,
  rank: 8,
  elements: 2 ** 40,
};

/** Whose fault an error is: a tensor's name, and in a file the byte. */
export type Place = Pick<SafetensorsErrorDetails, "tensor" | "offset">;

const raise = (limit: keyof SafetensorsLimits) => `raise limits.${limit} if the file is trusted`;

export function checkHeaderBytes(length: number, limits: SafetensorsLimits): void {
  if (length <= limits.headerBytes) return;
  throw limitError("E703", `the header is ${length} bytes long but the limit is ${limits.headerBytes}`, {
    offset: 0,
    fix: raise("headerBytes"),
  });
}

export function checkTensorCount(count: number, limits: SafetensorsLimits, place: Place): void {
  if (count <= limits.tensors) return;
  throw limitError("E713", `there are more than ${limits.tensors} tensors`, { ...place, fix: raise("tensors") });
}

export function checkName(name: string, limits: SafetensorsLimits, place: Place): void {
  // A UTF-16 unit is at most three bytes of UTF-8, so that most names need no encoding.
  if (name.length * 3 <= limits.nameBytes) return;
  const length = new TextEncoder().encode(name).length;
  if (length <= limits.nameBytes) return;
  throw limitError("E712", `a name is ${length} bytes long but the limit is ${limits.nameBytes}`, {
    ...place,
    fix: raise("nameBytes"),
  });
}

const MAX_ELEMENTS = 2 ** 50; // times the 8 bytes of the widest dtype, the largest count that a number holds exactly

/**
 * A tensor's bytes must be as many as its dtype and shape need.
 *
 * The product is checked at every factor, so that it cannot overflow.
 */
export function checkSpan(
  dtype: SafetensorsDType,
  shape: readonly number[],
  span: number,
  limits: SafetensorsLimits,
  place: Place,
): void {
  if (shape.length > limits.rank) {
    throw limitError("E714", `a tensor has ${shape.length} dimensions but the limit is ${limits.rank}`, {
      ...place,
      fix: raise("rank"),
    });
  }
  const limit = Math.min(limits.elements, MAX_ELEMENTS);
  let elements = 1;
  for (const dim of shape) {
    if (dim > limit || elements * dim > limit) {
      throw limitError("E715", `shape [${shape.join(", ")}] has more elements than the limit of ${limit}`, {
        ...place,
        fix: raise("elements"),
      });
    }
    elements *= dim;
  }
  const bytes = elements * dtypeBytes[dtype];
  if (bytes === span) return;
  throw formatError("E716", `${dtype} [${shape.join(", ")}] takes ${bytes} bytes but the tensor has ${span}`, {
    ...place,
    fix: "correct dtype, shape or bytes so that they agree",
  });
}
