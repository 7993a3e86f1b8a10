import { type Index, type IndexNode, type IndexVariable, operandsOf, type Predicate } from "../index-node.ts";
import type { Kernel, Statement, Value } from "../kernel/kernel.ts";

/** What a walk over statements shows. */
interface Visitor {
  /** An expression in which a value is computed, memory is addressed, or a loop ends. */
  index(node: IndexNode): void;
  /** A variable that has its value in what follows. */
  variable?(variable: IndexVariable): void;
}

export function visitStatements(list: readonly Statement[], visitor: Visitor): void {
  for (const s of list) {
    switch (s.kind) {
      case "let":
        visitValue(s.value, visitor);
        break;
      case "bind":
        visitor.variable?.(s.variable);
        break;
      case "store":
        visitor.index(s.address);
        visitor.index(s.mask);
        break;
      case "for":
        visitor.variable?.(s.variable);
        visitor.index(s.size);
        visitStatements(s.body, visitor);
        break;
      case "if":
        visitStatements(s.body, visitor);
        break;
    }
  }
}

function visitValue(value: Value, visitor: Visitor): void {
  if (value.kind === "index") visitor.index(value.index);
  else if (value.kind === "test") visitor.index(value.predicate);
  else if (value.kind === "load") {
    visitor.index(value.address);
    visitor.index(value.mask);
  }
}

/** What expressions become. */
export interface Change {
  (node: Index): Index;
  (node: Predicate): Predicate;
}

/** The statements with other expressions; `values` collects what each value has become. */
export function changeStatements(
  list: readonly Statement[],
  change: Change,
  values = new Map<Value, Value>(),
): readonly Statement[] {
  const of = (value: Value): Value => values.get(value) ?? value;
  return list.map((s): Statement => {
    switch (s.kind) {
      case "let": {
        const value = changeValue(s.value, change, of);
        values.set(s.value, value);
        return { ...s, value };
      }
      case "bind":
      case "update":
        return { ...s, value: of(s.value) };
      case "store":
        return { ...s, address: change(s.address), mask: change(s.mask), value: of(s.value) };
      case "for":
        return { ...s, size: change(s.size), body: changeStatements(s.body, change, values) };
      case "if":
        return { ...s, condition: of(s.condition), body: changeStatements(s.body, change, values) };
      default:
        return s;
    }
  });
}

function changeValue(value: Value, change: Change, of: (value: Value) => Value): Value {
  switch (value.kind) {
    case "index":
      return { ...value, index: change(value.index) };
    case "test":
      return { ...value, predicate: change(value.predicate) };
    case "load":
      return { ...value, address: change(value.address), mask: change(value.mask) };
    case "alu":
      return { ...value, operands: value.operands.map(of) };
    default:
      return value;
  }
}

/** The variables to which a kernel gives no value: sizes, and counters of loops around it. */
export function freeVariables(kernel: Omit<Kernel, "scalars">): IndexVariable[] {
  const bound = new Set<IndexVariable>();
  const used = new Set<IndexNode>();
  const visitor: Visitor = { index: (node) => used.add(node), variable: (v) => bound.add(v) };
  const parts = kernel as Kernel;
  switch (parts.kind) {
    case "loops":
      visitStatements(parts.body, visitor);
      break;
    case "dot":
      for (const v of [parts.batch, parts.row, parts.column, parts.k]) bound.add(v);
      for (const size of Object.values(parts.sizes)) visitor.index(size);
      for (const { block, lies } of [parts.a, parts.b]) {
        visitStatements(block.statements, visitor);
        if (lies !== undefined) for (const x of [lies.start, ...Object.values(lies.strides)]) visitor.index(x);
      }
      visitStatements(parts.epilogue, visitor);
      for (const { address } of parts.columnSums) visitor.index(address);
      break;
    case "sort":
      for (const v of [parts.line, parts.place]) bound.add(v);
      for (const size of [parts.lines, parts.size]) visitor.index(size);
      for (const { block, address } of parts.columns) {
        visitStatements(block.statements, visitor);
        visitor.index(address);
      }
      break;
  }
  for (const node of used) for (const x of operandsOf(node)) used.add(x);
  return [...used].filter((v): v is IndexVariable => v.kind === "variable" && !bound.has(v));
}
