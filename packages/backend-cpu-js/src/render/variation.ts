import {
  type IndexNode,
  type IndexVariable,
  type Register,
  type Statement,
  type Value,
  variablesOf,
} from "@tenon/lowering";

/** What differs between the lanes of a vector, when four values of a variable are computed at once. */
export interface Variation {
  readonly values: ReadonlySet<Value>;
  readonly variables: ReadonlySet<IndexVariable>;
  /** Registers that hold something else in each lane. */
  readonly registers: ReadonlySet<Register>;
  /** Whether lanes cannot be computed together. */
  readonly apart: boolean;
}

const variablesKnown = new WeakMap<IndexNode, ReadonlySet<IndexVariable>>();

/** Whether an index expression or predicate has variables among these. */
export function mentions(node: IndexNode, variables: ReadonlySet<IndexVariable>): boolean {
  let found = variablesKnown.get(node);
  if (found === undefined) variablesKnown.set(node, (found = variablesOf(node)));
  for (const v of found) if (variables.has(v)) return true;
  return false;
}

/** Follows what depends on `lanes`, and on what differs already, through statements. What is given differs. */
export function variationOf(
  statements: readonly Statement[],
  lanes: IndexVariable,
  before?: Omit<Variation, "apart">,
): Variation {
  const values = new Set<Value>(before?.values);
  const variables = new Set<IndexVariable>(before?.variables).add(lanes);
  const registers = new Set<Register>(before?.registers);
  const differs = (x: Value): boolean => x.kind === "given" || values.has(x);
  let apart = false;

  const varies = (value: Value): boolean => {
    switch (value.kind) {
      case "constant":
        return false;
      case "index":
        return mentions(value.index, variables);
      case "test":
        return mentions(value.predicate, variables);
      case "load":
        return mentions(value.address, variables);
      case "alu":
        return value.operands.some(differs);
      case "read":
        return registers.has(value.register);
      case "given":
        return true;
    }
  };

  const visit = (list: readonly Statement[]): void => {
    for (const s of list) {
      switch (s.kind) {
        case "let":
          if (!varies(s.value)) break;
          values.add(s.value);
          apart ||= s.value.type === "float64";
          break;
        case "bind":
          if (differs(s.value)) variables.add(s.variable);
          break;
        case "update":
          if (differs(s.value)) registers.add(s.register);
          break;
        case "store":
          apart ||= s.slot.dtype === "float64" && mentions(s.address, variables);
          break;
        case "if":
          apart ||= differs(s.condition);
          visit(s.body);
          break;
        case "for":
          apart ||= mentions(s.size, variables);
          visit(s.body);
      }
    }
  };
  visit(statements);
  return { values, variables, registers, apart };
}

/** Visits statements and those inside of them. */
export function walk(statements: readonly Statement[], visit: (s: Statement, depth: number) => void, depth = 0): void {
  for (const s of statements) {
    visit(s, depth);
    if (s.kind === "if" || s.kind === "for") walk(s.body, visit, depth + Number(s.kind === "for"));
  }
}
