import { evaluateTensors } from "@tenon/interpreter";
import { applyOp, type Elements, input, lookupOp, roundToDType, withTrace } from "@tenon/ir";
import type { Index } from "../index-node.ts";
import { type Act, type Cell, type Evaluator, runAll } from "./evaluate-statements.test-kit.ts";
import type { ClaimedKernel, ClaimedResult, Strided } from "./kernel.ts";

/** What the interpreter makes of the operands, and what the epilogues make of that. */
export function claimed(evaluator: Evaluator, { op, attrs, slots, inputs, results }: ClaimedKernel): Act {
  const record = lookupOp(op);
  if (record === undefined) throw new Error(`${op} is claimed, and nobody knows what it is`);
  if (inputs.some(({ slot }) => slot.access !== "read")) throw new Error("an operand is not only read");
  const reads = inputs.map((operand) => elementsOf(evaluator, operand));
  const writes = results.map((result) => epilogue(evaluator, result));
  return () => {
    const read = new Set(inputs.map(({ slot }) => evaluator.memory(slot)));
    for (const slot of slots)
      if (slot.access !== "read" && read.has(evaluator.memory(slot)))
        throw new Error(`${slot.name} is written while it is an operand`);
    const given = reads.map((of) => of());
    const values = withTrace(() => {
      const leaves = given.map((x) => input(x));
      return evaluateTensors(applyOp(record, leaves, attrs), new Map(leaves.map((t, i) => [t, given[i]!])));
    });
    writes.forEach((write, i) => {
      write(values[i]!);
    });
  };
}

/** Elements that lie at constant distances, one after the other. */
function elementsOf(evaluator: Evaluator, { slot, start, sizes, strides }: Strided): () => Elements {
  const numbers = (list: readonly Index[]) => list.map((x) => evaluator.compute(x));
  const [first, extents, steps] = [evaluator.compute(start), numbers(sizes), numbers(strides)];
  return () => {
    const shape = extents.map((size) => size());
    const data: number[] = [];
    eachPlace(shape, (index) => {
      data.push(
        evaluator.element(
          slot,
          index.reduce((at, i, axis) => at + i * steps[axis]!(), first()),
        ),
      );
    });
    return { dtype: slot.dtype, shape, data: Float64Array.from(data) };
  };
}

function epilogue(evaluator: Evaluator, { dtype, axes, given, epilogue: list, lies }: ClaimedResult) {
  const cells = axes.map(({ variable }) => [variable, { value: NaN }] as const satisfies readonly [unknown, Cell]);
  const element: Cell = { value: NaN };
  const roles = axes.map(() => "parallel" as const);
  const acts = evaluator.inLoops(roles, () =>
    evaluator.scope(() => evaluator.body(list), [...cells, [given, element]]),
  );
  const sizes = axes.map(({ size }) => evaluator.compute(size));
  const stored = lies && elementsOf(evaluator, lies);
  return ({ dtype: type, shape, data }: Elements): void => {
    if (type !== dtype || shape.some((size, axis) => size !== sizes[axis]!()))
      throw new Error(`a result is ${type} [${shape}], and said to be ${dtype} [${sizes.map((size) => size())}]`);
    if (list.length === 0) return;
    let at = 0;
    const open = (axis: number): void => {
      if (axis < axes.length) evaluator.iterate("parallel", shape[axis]!, cells[axis]![1], () => open(axis + 1));
      else {
        element.value = data[at++]!;
        runAll(acts);
      }
    };
    open(0);
    const found = stored?.();
    if (found?.data.some((x, i) => !Object.is(x, roundToDType(found.dtype, data[i]!))) === true)
      throw new Error(`${lies!.slot.name} does not have the result where it is said to lie`);
  };
}

/** Every index into a shape, in row-major order. */
function eachPlace(shape: readonly number[], visit: (index: readonly number[]) => void): void {
  const index: number[] = [];
  const open = (axis: number): void => {
    if (axis === shape.length) visit(index);
    else
      for (let i = 0; i < shape[axis]!; i++) {
        index[axis] = i;
        open(axis + 1);
      }
  };
  open(0);
}
