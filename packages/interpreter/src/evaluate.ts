import { bindDims, entrySignature } from "@tenon/backend";
import {
  buildModule,
  type CallRegion,
  type ConcreteType,
  type Elements,
  Fn,
  input,
  StateError,
  substitute,
  type Tensor,
  withTrace,
} from "@tenon/ir";
import { meaningOf } from "@tenon/ir/meanings";
import { type Program, Programs, type Step } from "./program.ts";
import { roundElements, scalar } from "./scalar.ts";

/**
 * Runs a program on elements: floats in float64, integers exact. Results that no later step needs are dropped, so that
 * a chain of any length runs in the memory of its largest step.
 */
export function run(program: Program, args: readonly Elements[]): readonly Elements[] {
  const values: (Elements | undefined)[] = [...args];
  const call: CallRegion = (fn, regionArgs) => run(program.region(fn), regionArgs);
  for (const step of program.steps) {
    const operands = step.operands.map((v) => values[v]!);
    const results = step.body === undefined ? apply(step, operands, call) : run(step.body, operands);
    for (let i = 0; i < results.length; i++) values[step.first + i] = results[i];
    for (const value of step.dead) values[value] = undefined;
  }
  return program.results.map((v) => values[v]!);
}

function apply({ op, attrs, types }: Step, operands: readonly Elements[], call: CallRegion): readonly Elements[] {
  const meaning = meaningOf(op!);
  const data =
    meaning === undefined ? [scalar(op!, operands, attrs, types[0]!)] : meaning(operands, attrs, types, call);
  return types.map((type, i) => {
    const elements = data[i];
    if (elements?.length !== sizeOfConcrete(type)) {
      throw new StateError(
        "E412",
        op!.name,
        `the op's meaning gives ${elements?.length ?? "no"} elements for result ${i}, not ${sizeOfConcrete(type)}`,
        {
          operands: Object.fromEntries(operands.map((x, j) => [`operand ${j}`, x])),
        },
      );
    }
    return { ...type, data: op!.rounds === true ? roundElements(type.dtype, elements) : elements };
  });
}

const sizeOfConcrete = ({ shape }: ConcreteType): number => shape.reduce((n, size) => n * size, 1);

/** The results of a traced function. Symbolic sizes are bound by the shapes of the arguments. */
export function evaluateFn(fn: Fn, args: readonly Elements[]): readonly Elements[] {
  const module = buildModule({ entries: { fn } });
  const bindings = bindDims(
    entrySignature(module, "fn"),
    args.map((x) => x.shape),
  );
  return run(new Programs(module, bindings).of(module.entries.get("fn")!), args);
}

/** The values of tensors, from the values of the tensors that they are computed from; constants need none. */
export function evaluateTensors(
  results: readonly Tensor[],
  bindings: ReadonlyMap<Tensor, Elements> = new Map(),
): readonly Elements[] {
  const inputs = [...bindings.keys()].map((t) => input(t));
  const body = withTrace(() => substitute(results, new Map([...bindings.keys()].map((t, i) => [t, inputs[i]!]))));
  return evaluateFn(new Fn("tensors", inputs, body), [...bindings.values()]);
}
