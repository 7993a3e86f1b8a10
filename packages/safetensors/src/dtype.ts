/** Bytes of one element of each dtype, in the order in which a file is laid out from its end: a later dtype stands earlier. */
export const dtypeBytes = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  F64: 8,
  I64: 8,
  U64: 8,
} as const;

/** Name of an element type, as it stands in a file. */
export type SafetensorsDType = keyof typeof dtypeBytes;

/** All element types, in the order of `dtypeBytes`. */
export const dtypes = Object.keys(dtypeBytes) as readonly SafetensorsDType[];

export function isDType(text: string): text is SafetensorsDType {
  return Object.hasOwn(dtypeBytes, text);
}
