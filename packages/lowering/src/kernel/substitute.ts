import { substituteIndex } from "../index-fold.ts";
import type { Index, IndexNode, IndexVariable } from "../index-node.ts";
import type { Statement, Value } from "./kernel.ts";

/** The statements with index expressions in place of variables. A loop over a variable that is renamed runs over the new one. */
export function substituteStatements(
  statements: readonly Statement[],
  replaced: ReadonlyMap<Index, Index>,
): readonly Statement[] {
  const values = new Map<Value, Value>();
  const index = <T extends IndexNode>(node: T): T => substituteIndex(node as Index, replaced) as T;
  const of = (value: Value): Value => {
    const known = values.get(value);
    if (known !== undefined) return known;
    const made = renewed(value);
    values.set(value, made);
    return made;
  };
  const renewed = (value: Value): Value => {
    switch (value.kind) {
      case "index":
        return { ...value, index: index(value.index) };
      case "test":
        return { ...value, predicate: index(value.predicate) };
      case "load":
        return { ...value, address: index(value.address), mask: index(value.mask) };
      case "alu":
        return { ...value, operands: value.operands.map(of) };
      default:
        return value;
    }
  };
  const each = (statement: Statement): Statement => {
    switch (statement.kind) {
      case "let":
        return { kind: "let", value: of(statement.value) };
      case "bind":
        return { ...statement, value: of(statement.value) };
      case "update":
        return { ...statement, value: of(statement.value) };
      case "store":
        return {
          ...statement,
          address: index(statement.address),
          mask: index(statement.mask),
          value: of(statement.value),
        };
      case "for":
        return {
          ...statement,
          variable: (replaced.get(statement.variable) ?? statement.variable) as IndexVariable,
          size: index(statement.size),
          body: statement.body.map(each),
        };
      case "if":
        return { ...statement, condition: of(statement.condition), body: statement.body.map(each) };
      default:
        return statement;
    }
  };
  return statements.map(each);
}
