import type { Claim, CompositeSite } from "@tenon/backend";
import type { Attrs, Fn, Node } from "@tenon/ir";
import { rewrite } from "./passes/rewrite.ts";

/** Whether a backend keeps a composite whole; `Backend.claims` is one. */
export type Claims = (site: CompositeSite) => Claim | null | undefined;

export interface ExpandOptions {
  /** Whether the target's spelling table has a scalar op that is a composite, such as `nn.sigmoid`; none by default. */
  readonly spells?: (op: string) => boolean;
}

/**
 * The function with every composite replaced by its decomposition, and what is composite therein likewise, unless
 * `claims` says that the backend keeps it whole. Regions of control flow are expanded too; an embedded decomposition is
 * inlined. Every node made has the place in the user's program that the composite had.
 *
 * A claim depends on what the site says and on nothing else, since a node may be made anew. A composite that no claim and no spelling keeps cannot reach a backend, so an unknown one can never break it.
 */
export function expand(fn: Fn, claims: Claims = () => null, options: ExpandOptions = {}): Fn {
  const { spells = () => false } = options;
  return rewrite(fn, () => (node) => {
    const { op, inputs, attrs } = node;
    if (op.decompose === undefined) return undefined;
    const keeps = isClaimed(node) ? claims(siteOf(node)) : spells(op.name) || undefined;
    return keeps === null || keeps === undefined ? op.decompose(inputs, attrs) : undefined;
  });
}

/** Whether a node of an expanded function is a composite that the target claims; what is scalar is spelled or expanded. */
export const isClaimed = ({ op }: Node): boolean => op.decompose !== undefined && op.evaluate === undefined;

/** A composite as it is shown to a backend; one that carries its decomposition goes by the name it carries. */
export function siteOf({ op, attrs, inputs, results }: Node): CompositeSite {
  const types = { operands: inputs.map(({ dtype, shape }) => ({ dtype, shape })), results };
  if (op.name !== "composite") return { op: op.name, version: op.version, attrs, ...types };
  const own = attrs as unknown as { readonly name: string; readonly version: number; readonly attrs: Attrs };
  return { op: own.name, version: own.version, attrs: own.attrs, ...types };
}
