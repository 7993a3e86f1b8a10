import { type Attrs, applyOp, lookupOp, type Node, type Tensor } from "@tenon/ir";

/** An identity: what a node of one op equals, or undefined where it does not apply. */
export interface AlgebraRule {
  readonly name: string;
  readonly op: string;
  readonly apply: (x: Operands, node: Node) => Tensor | undefined;
}

/** The operands of the node; those that a record's names promise are there. */
type Operands = readonly [Tensor, Tensor, Tensor];

export const rule = (name: string, op: string, apply: AlgebraRule["apply"]): AlgebraRule => ({ name, op, apply });

/** An op on tensors that fit. */
export const node = (op: string, inputs: readonly Tensor[], attrs: Attrs = {}): Tensor =>
  applyOp(lookupOp(op)!, inputs, attrs)[0]!;

/** The operand of `t` where `t` is a result of this op, or undefined. */
export const under = (op: string, t: Tensor): Tensor | undefined => (t.op.name === op ? t.inputs[0] : undefined);

/** Tries an identity of a commutative op with its operands in either order. */
export const either =
  (apply: (x: Tensor, y: Tensor) => Tensor | undefined): AlgebraRule["apply"] =>
  ([x, y]) =>
    apply(x, y) ?? apply(y, x);
