import {
  checkOptions,
  flush,
  type HasVariables,
  OptionError,
  ShapeError,
  StateError,
  sameType,
  Tensor,
  type TensorTree,
  tensor,
  typeText,
  type Variable,
  type VariableTree,
  valueText,
  variable,
  variables,
  variablesOf,
  zerosLike,
} from "@tenon/tensor";
import { treeEntries, treeFlatten, treeFlattenLike, treeLeaves, treeMap, treeUnflatten } from "@tenon/tree";
import { gradientsOf, trainableOf } from "./parameters.ts";
import { slotNames } from "./slot-names.ts";
import type { Transform } from "./transform.ts";

export interface BindOptions {
  /** First word of the names of the slots, the transform's name by default; two optimizers in one program need two. */
  readonly name?: string;
}

/** An optimizer with parameters and state: `apply(grads)` takes one step. */
export class BoundOptimizer {
  readonly name: string;
  /** The Variables of the state, in the transform's own structure. */
  readonly state: VariableTree;
  private readonly transform: Transform;
  /** All Variables of the target. */
  private readonly target: VariableTree;
  /** Those that were trainable when the optimizer was bound, each once, and null in place of the others. */
  private readonly params: VariableTree;

  constructor(transform: Transform, target: HasVariables, options: BindOptions) {
    checkOptions("bind", options, ["name"]);
    if (transform.isOptimizer === false) throw unscaled();
    this.transform = transform;
    this.name = options.name ?? transform.name ?? "optimizer";
    this.target = variablesOf(target);
    this.params = trainableOf(this.target);
    const params = leavesOf(this.params);
    if (params.length === 0) throw nothingToLearn();
    const initial = treeFlatten<unknown>(transform.init(valuesOf(this.params)));
    const paths = (treeEntries<unknown>(this.params) as [string, Variable][]).map(
      ([path, { name }]) => [path, name ?? path] as const,
    );
    const names = slotNames(this.name, treeEntries(treeUnflatten(initial.structure, initial.leaves)), paths);
    const slots = initial.leaves.map((leaf, i) =>
      variable(checkedSlot(names[i]!, leaf), { name: names[i]!, role: "slot" }),
    );
    this.state = treeUnflatten(initial.structure, slots) as VariableTree;
  }

  /** Shows the state, as layers show their parameters. */
  [variables](): VariableTree {
    return this.state;
  }

  /**
   * Takes one step: assigns the parameters and the state. In a compiled function it becomes part of the program; outside,
   * what has been recorded is now computed.
   *
   * @param grads In the structure that `grad` and `valueAndGrad` give: that of the target, without what is not trainable.
   */
  apply(grads: object | null): void {
    const gradients = gradientsOf(this.name, this.target, grads);
    const params = leavesOf(this.params);
    const bound = new Set(params);
    for (const v of gradients.keys()) if (!bound.has(v)) throw thawed(v);
    const [next, nextState] = this.transform.step(
      // one that has been frozen since has no gradient, and is not assigned
      treeMap((v: Variable) => gradients.get(v) ?? zerosLike(v), this.params) as TensorTree,
      valuesOf(this.state),
      valuesOf(this.params),
    );
    const assignments = [
      ...pairs(this.name, this.params, next).filter(([v]) => gradients.has(v)),
      ...pairs(this.name, this.state, nextState).filter(([v, value]) => v.value !== value),
    ];
    for (const [v, value] of assignments) v.assign(value);
    flush();
  }

  /** The learning rate: what it was set to, or what the schedule gave in the last step. A compiled step reads it anew in each call. */
  get learningRate(): Tensor {
    return this.rateSlot().slot.value;
  }

  set learningRate(rate: number | Tensor) {
    const { slot, scheduled } = this.rateSlot();
    if (scheduled) {
      throw new StateError("E443", "learningRate", "the learning rate follows a schedule", {
        fix: "give the optimizer a number, and set that, or write the change into the schedule",
      });
    }
    const value = rate instanceof Tensor ? rate.cast("float32") : Number.isFinite(rate) ? tensor(rate) : undefined;
    if (value === undefined || value.rank !== 0) {
      throw new OptionError(
        "E803",
        "learningRate",
        `the value is ${value === undefined ? valueText(rate) : typeText(value)}`,
        {
          fix: "give one finite number, or a tensor of rank 0",
        },
      );
    }
    slot.assign(value);
  }

  private rateSlot(): { slot: Variable; scheduled: boolean } {
    const entries = treeEntries<unknown>(this.state) as [string, Variable][];
    const paths = new Map(entries);
    const found = entries.filter(([path, { shape }]) => /(^|\.)learningRate$/.test(path) && shape.length === 0);
    const [path, slot] = found[0] ?? [];
    if (slot === undefined || found.length > 1) {
      throw new StateError("E443", "learningRate", `the optimizer has ${found.length} learning rates`, {
        fix:
          found.length > 1 ? "assign the Variables in its state" : "put scaleByLearningRate(…) at the end of the chain",
      });
    }
    return { slot, scheduled: paths.has(path!.replace(/learningRate$/, "step")) };
  }
}

const leavesOf = (tree: VariableTree): Variable[] => treeLeaves<unknown>(tree) as Variable[];
const valuesOf = (tree: VariableTree): TensorTree => treeMap((v: Variable) => v.value, tree) as TensorTree;

/** Each Variable with its new value, which must have its type. */
function pairs(op: string, tree: VariableTree, values: TensorTree): [Variable, Tensor][] {
  const { leaves, structure } = treeFlatten<unknown>(tree);
  return (treeFlattenLike(structure, values, op) as Tensor[]).map((value, i) => {
    const v = leaves[i] as Variable;
    if (value instanceof Tensor && sameType(v, value)) return [v, value];
    const found = value instanceof Tensor ? typeText(value) : valueText(value);
    throw new ShapeError("E202", op, `the transform gives ${found} for ${v.label()}, which is ${typeText(v)}`, {
      fix: "keep shape and dtype of every parameter and slot",
    });
  });
}

function checkedSlot(name: string, leaf: unknown): Tensor {
  if (leaf instanceof Tensor) return leaf;
  throw new OptionError("E803", "bind", `the state has ${valueText(leaf)} for ${name}, which is no tensor`, {
    fix: "return tensors from init, such as zerosLike(param) or constant(0, [])",
  });
}

const unscaled = (): OptionError =>
  new OptionError(
    "E803",
    "bind",
    "no link of the chain scales by a learning rate, so that gradients would be added to the parameters",
    {
      fix: "end the chain with scaleByLearningRate(…) or with an optimizer",
    },
  );

const nothingToLearn = (): OptionError =>
  new OptionError("E803", "bind", "the target has no trainable Variable", {
    fix: "bind parameters, and set trainable on those that are learned",
  });

const thawed = (v: Variable): StateError =>
  new StateError("E442", "apply", `${v.label()} was not trainable when the optimizer was bound, and has no slots`, {
    fix: "bind the optimizer again after a change of what is trainable",
  });
