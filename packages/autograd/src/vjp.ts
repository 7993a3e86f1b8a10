import {
  DifferentiationError,
  isFloat,
  type Node,
  type OpRecord,
  orderAfter,
  type ReverseTransforms,
  sameType,
  type Tensor,
  typeText,
  withOrigin,
  withTrace,
} from "@tenon/ir";
import { applyVjp, guarded, hasVjp, notDifferentiable, plus, zerosOf } from "./rules.ts";
import { between, walk } from "./walk.ts";

/** What reverse mode yields. */
export interface Backward {
  /** The outputs in the form that was differentiated: loops and branches in it also yield what the gradients read. */
  readonly outputs: readonly Tensor[];
  /** `Σ cotangent · ∂output/∂x` for each tensor `x` of `wrt`; null where no output depends on it. */
  readonly gradients: readonly (Tensor | null)[];
}

/**
 * Reverse mode over a graph: the cotangents of `wrt` from those of `outputs` (null: none), in one sweep over the nodes
 * that lie between them. Values of integer dtypes carry no cotangent.
 *
 * An op that is differentiated in another form, with residuals or decomposed, is replaced by that form everywhere, so that
 * nothing is computed twice: further outputs, with null for a cotangent, come back rewritten alongside.
 */
export function backward(
  outputs: readonly Tensor[],
  wrt: readonly Tensor[],
  cotangents: readonly (Tensor | null)[],
): Backward {
  return withTrace(() => swept(outputs, wrt, cotangents));
}

function swept(outputs: readonly Tensor[], wrt: readonly Tensor[], cotangents: readonly (Tensor | null)[]): Backward {
  const sweep = new Sweep(wrt);
  const roots = outputs.filter((y, i) => sweep.seed(y, cotangents[i] ?? null));
  sweep.enter(orderAfter(wrt, roots));
  sweep.run();
  const gradients = wrt.map((x) => sweep.sums.get(x) ?? null);
  if (sweep.forms.size === 0) return { outputs, gradients };
  const settled = settle([...outputs, ...gradients.filter((dx) => dx !== null)], wrt, sweep.forms);
  let next = outputs.length;
  return {
    outputs: settled.slice(0, outputs.length),
    gradients: gradients.map((dx) => (dx === null ? null : settled[next++]!)),
  };
}

/** What an op's rules for reverse mode are handed. Only an op with regions has transforms of them. */
export const transformsFor = (op: OpRecord, wanted: readonly boolean[]): ReverseTransforms =>
  ({ ...op.transforms?.(backward), wanted }) as ReverseTransforms;

/** One pass from the outputs back to the inputs. */
class Sweep {
  /** Cotangents as far as they have arrived. */
  readonly sums = new Map<Tensor, Tensor>();
  /** What stands in the place of nodes that have no derivative as they are. */
  readonly forms = new Map<Node, readonly Tensor[]>();
  readonly #wrt: readonly Tensor[];
  /** Tensors of float dtypes that depend on `wrt`. */
  readonly #active: Set<Tensor>;
  /** Nodes that are still to come, users above inputs. */
  readonly #pending: Node[] = [];
  /** The sweep asks only which tensors are reached: an op without a derivative lets everything through. */
  readonly #probing: boolean;

  constructor(wrt: readonly Tensor[], probing = false) {
    this.#wrt = wrt;
    this.#probing = probing;
    this.#active = new Set(wrt.filter((x) => isFloat(x.dtype)));
  }

  /** Adds the cotangent of an output; false where there is none. */
  seed(y: Tensor, dy: Tensor | null): boolean {
    if (dy === null) return false;
    if (!sameType(y, dy)) {
      throw new DifferentiationError(
        "E605",
        "vjp",
        `the cotangent is ${typeText(dy)} but the output is ${typeText(y)}`,
        {
          fix: "give a cotangent of the output's shape and dtype",
        },
      );
    }
    if (isFloat(y.dtype)) this.#add(y, dy);
    return true;
  }

  /** Takes in nodes, inputs before users. */
  enter(nodes: readonly Node[]): void {
    for (const node of nodes) {
      if (!node.inputs.some((t) => this.#active.has(t))) continue;
      this.#pending.push(node);
      for (const t of node.outputs) if (isFloat(t.dtype)) this.#active.add(t);
    }
  }

  run(): void {
    for (let node = this.#pending.pop(); node !== undefined; node = this.#pending.pop()) {
      if (node.outputs.some((t) => this.sums.has(t))) withOrigin(node, () => this.#visit(node!));
    }
  }

  #add(t: Tensor, dt: Tensor): void {
    this.sums.set(t, plus(this.sums.get(t), dt));
  }

  #visit(node: Node): void {
    const wanted = node.inputs.map((t) => this.#active.has(t));
    const ad = transformsFor(node.op, wanted);
    const ruled = hasVjp(node);
    if (ruled && node.op.augment === undefined) {
      this.#pull(node, node.outputs, wanted, ad);
      return;
    }
    const form = this.#otherForm(node, ad);
    if (form === undefined) return;
    this.forms.set(node, form.results);
    if (ruled) this.#pull(node, [...form.results, ...form.residuals], wanted, ad);
    else this.#open(node, form.results);
  }

  /** Adds what the node's rule gives for its operands. */
  #pull(node: Node, results: readonly Tensor[], wanted: readonly boolean[], ad: ReverseTransforms): void {
    const cotangents = node.outputs.map((t) => this.sums.get(t) ?? zerosOf(t));
    const gradients = applyVjp(node, node.inputs, results, cotangents, ad, wanted);
    gradients.forEach((dx, i) => {
      if (dx !== null) this.#add(node.inputs[i]!, dx);
    });
  }

  /** Goes on with the nodes that compute `results` in the node's place. */
  #open(node: Node, results: readonly Tensor[]): void {
    this.enter(between(node.inputs, results));
    node.outputs.forEach((t, i) => {
      const dt = this.sums.get(t);
      if (dt !== undefined && this.#active.has(results[i]!)) this.#add(results[i]!, dt);
    });
  }

  #otherForm(node: Node, ad: ReverseTransforms): OtherForm | undefined {
    const { op, inputs, attrs } = node;
    try {
      if (op.augment !== undefined) return guarded(node, "augment", () => op.augment!(inputs, attrs, ad));
      if (op.decompose === undefined || op.notDifferentiable !== undefined) throw notDifferentiable(node);
      return { results: guarded(node, "decompose", () => op.decompose!(inputs, attrs)), residuals: [] };
    } catch (error) {
      if (!(error instanceof DifferentiationError) || (!this.#probing && this.#reaches(inputs))) throw error;
      if (this.#probing) for (const x of inputs) if (isFloat(x.dtype)) this.#add(x, zerosOf(x));
      return undefined;
    }
  }

  /** Whether a change of `wrt` changes any of `tensors`, rules that stop it considered. Asked before refusing a node only. */
  #reaches(tensors: readonly Tensor[]): boolean {
    const probe = new Sweep(this.#wrt, true);
    for (const t of tensors) probe.seed(t, zerosOf(t));
    probe.enter(orderAfter(this.#wrt, tensors));
    try {
      probe.run();
      return this.#wrt.some((x) => probe.sums.has(x));
    } catch {
      return true; // a rule on the way fails, and would without this node
    }
  }
}

interface OtherForm {
  readonly results: readonly Tensor[];
  readonly residuals: readonly Tensor[];
}

/** `roots` with the nodes of `forms` replaced, and those that depend on them made again. */
function settle(
  roots: readonly Tensor[],
  wrt: readonly Tensor[],
  forms: ReadonlyMap<Node, readonly Tensor[]>,
): readonly Tensor[] {
  return walk(roots, wrt, (_node, primal) => {
    const results = forms.get(primal);
    return results === undefined ? undefined : { results, open: true };
  });
}
