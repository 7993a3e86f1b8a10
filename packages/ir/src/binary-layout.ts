/**
 * The binary form of modules: `TNIR`, the version as two varints, then sections in rising order of their ids, each
 * with id, flags and byte length as varints. Flag 1 says that a reader which does not know the section may skip it.
 * Numbers are varints; tables list their entries in the order of their first use.
 *
 * | id | section | content |
 * |---|---|---|
 * | 1 | strings | count; byte length and UTF-8 of each |
 * | 2 | op sets | count; string, version |
 * | 3 | symbols | count; string, least, largest, divisor |
 * | 4 | sizes | count; string of each expression, in normal form |
 * | 5 | types | count; dtype, rank, and per axis a size plus 1, or 0 and an expression |
 * | 6 | names | count; string of each function |
 * | 7 | attributes | count of sets; count, then string and value of each, sorted by name |
 * | 8 | kinds | count; op string, version, attribute set, decomposition + 1, its derivative + 1, operand and result counts |
 * | 9 | functions | per name: inputs (type, alias + 1), ops (kind, operands, types), results |
 * | 10 | entries | count; string, function |
 * | 11 | weights | count; name, type, entry, input, digest, blob |
 * | 12 | state | count; name, type, entry, input, output, role, owner |
 * | 32 | side tables | optional: its own strings; then names, scopes, sources, each per function: function, count, (step, string) |
 *
 * An operand is the distance back to it: 1 is the value defined last. A value of an attribute is a tag, then content.
 */
export const sections = {
  strings: 1,
  opsets: 2,
  symbols: 3,
  sizes: 4,
  types: 5,
  names: 6,
  attrs: 7,
  kinds: 8,
  functions: 9,
  entries: 10,
  weights: 11,
  state: 12,
  tables: 32,
} as const;

/** Sections that every file has, in order. */
export const requiredSections = Object.entries(sections).filter(([name]) => name !== "tables");

/** The flag of a section that may be skipped. */
export const OPTIONAL = 1;

export const magic = Uint8Array.of(0x54, 0x4e, 0x49, 0x52); // TNIR

/** First byte of an attribute's value. */
export const tags = {
  false: 0,
  true: 1,
  /** Zigzag: 0, −1, 1, −2 … are 0, 1, 2, 3 …; up to 2^52. */
  integer: 2,
  /** Eight bytes, little-endian: every number that is no `integer`. */
  float: 3,
  string: 4,
  /** Byte length, bytes. */
  bytes: 5,
  size: 6,
  /** Count, values. */
  list: 7,
  /** Count, then string and value of each, sorted by name. */
  record: 8,
  function: 9,
} as const;

/** Whether a number is written as an integer. */
export const isShortInteger = (value: number): boolean =>
  Number.isInteger(value) && Math.abs(value) < 2 ** 52 && !Object.is(value, -0);
