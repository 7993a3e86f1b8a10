import type { AluOp, Value } from "@tenon/lowering";

/** A value that is looked for: what is found under a name, the same each time; a constant; an op with its operands. */
export type Pattern = string | number | PatternOf;
interface PatternOf {
  readonly op: AluOp;
  readonly operands: readonly Pattern[];
}

export const pattern = (op: AluOp, ...operands: readonly Pattern[]): Pattern => ({ op, operands });

export type Found = ReadonlyMap<string, Value>;

const commutative = new Set<AluOp>(["add", "mul", "maximum", "minimum"]);

/** What stands for the names of a pattern in a value; undefined where it does not fit. */
export function matched(value: Value, wanted: Pattern, found: Found = new Map()): Found | undefined {
  if (typeof wanted === "string") {
    const known = found.get(wanted);
    if (known === undefined) return new Map([...found, [wanted, value]]);
    return known === value ? found : undefined;
  }
  if (typeof wanted === "number") return value.kind === "constant" && same(value, wanted) ? found : undefined;
  const { op, operands } = wanted;
  if (value.kind !== "alu" || value.op !== op) return undefined;
  const inOrder = allMatched(value.operands, operands, found);
  return inOrder ?? (commutative.has(op) ? allMatched(value.operands.toReversed(), operands, found) : undefined);
}

const allMatched = (values: readonly Value[], patterns: readonly Pattern[], found: Found): Found | undefined =>
  patterns.reduce<Found | undefined>((so, pattern, i) => so && matched(values[i]!, pattern, so), found);

const same = ({ type, value }: Extract<Value, { kind: "constant" }>, wanted: number): boolean =>
  value === (type === "float32" ? Math.fround(wanted) : wanted);
