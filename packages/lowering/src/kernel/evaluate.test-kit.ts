import type { IndexVariable } from "../index-node.ts";
import { always } from "../index-predicate.ts";
import { combinationOf } from "./evaluate-alu.test-kit.ts";
import { claimed } from "./evaluate-claimed.test-kit.ts";
import { iterationOf, type Memory } from "./evaluate-memory.test-kit.ts";
import { type Act, type Cell, type Compute, Evaluator, runAll } from "./evaluate-statements.test-kit.ts";
import type { DotKernel, DotOperand, GivenValue, Kernel, Register, Slot, SortKernel, Statement } from "./kernel.ts";
import { kernelText } from "./text.ts";

const cells = <T extends readonly (IndexVariable | GivenValue)[]>(...names: T): { [K in keyof T]: [T[K], Cell] } =>
  names.map((name) => [name, { value: NaN }]) as unknown as { [K in keyof T]: [T[K], Cell] };

/** Every sum in the order of k, then what the epilogue makes of it. */
function dot(evaluator: Evaluator, kernel: DotKernel): Act {
  const { sizes, product, type, columnSums } = kernel;
  const counts = [sizes.batch, sizes.rows, sizes.columns, sizes.k].map((x) => evaluator.compute(x));
  const [batches, rows, columns, terms] = counts as [Compute, Compute, Compute, Compute];
  const [batch, row, column, k, sum] = cells(kernel.batch, kernel.row, kernel.column, kernel.k, product);
  const a = evaluator.scope(() => operand(evaluator, kernel.a, type, [batch[1], row[1], k[1]]), [batch, row, k]);
  const b = evaluator.scope(() => operand(evaluator, kernel.b, type, [batch[1], column[1], k[1]]), [batch, column, k]);
  const register: Register = { name: "product", type, combine: "add" };
  const [add, multiply] = [combinationOf(register), combinationOf({ ...register, combine: "mul" })];
  const compileEpilogue = () => ({
    acts: evaluator.body(kernel.epilogue),
    gathered: columnSums.map(({ value }) => evaluator.value(value)),
  });
  const { acts, gathered } = evaluator.inLoops(["parallel", "parallel", "parallel"], () =>
    evaluator.scope(compileEpilogue, [batch, row, column, sum]),
  );
  const sums = columnSums.map(({ value, slot, address }, i) => {
    const [total] = cells({ kind: "given", type: value.type } as const);
    const store = evaluator.scope(() => evaluator.store(slot, address, total![0], always), [column, total!]);
    return { value: gathered[i]!, add: combinationOf({ ...register, type: value.type }), total: total![1], store };
  });
  return () => {
    if (sums.length > 0 && batches() !== 1) throw new Error("columns are summed over several batches");
    separate(evaluator, kernel);
    const totals = sums.map(() => new Float64Array(columns()));
    const each = (): void => {
      sum[1].value = 0;
      for (k[1].value = 0; k[1].value < terms(); k[1].value++) sum[1].value = add(sum[1].value, multiply(a(), b()));
      runAll(acts);
      sums.forEach((s, i) => {
        const line = totals[i]!;
        line[column[1].value] = s.add(line[column[1].value]!, s.value());
      });
    };
    evaluator.iterate("parallel", batches(), batch[1], () =>
      evaluator.iterate("parallel", rows(), row[1], () => evaluator.iterate("parallel", columns(), column[1], each)),
    );
    evaluator.iterate("parallel", columns(), column[1], () => {
      sums.forEach(({ total, store }, i) => {
        total.value = totals[i]![column[1].value]!;
        store();
      });
    });
  };
}

/** An element of an operand. Where it is said how they lie, they must lie so. */
function operand(
  evaluator: Evaluator,
  { block, lies }: DotOperand,
  type: DotKernel["type"],
  axes: readonly Cell[],
): Compute {
  if (block.value.type !== type) throw new Error(`an operand of a product in ${type} is ${block.value.type}`);
  const { acts, value } = evaluator.block(block);
  const element = (): number => {
    runAll(acts);
    return value();
  };
  if (lies === undefined) return element;
  const { slot, strides } = lies;
  const start = evaluator.compute(lies.start);
  const steps = [strides.batch, strides.line, strides.k].map((x) => evaluator.compute(x));
  return () => {
    const at = steps.reduce((sum, step, i) => sum + step() * axes[i]!.value, start());
    const [x, y] = [element(), evaluator.element(slot, at)];
    if (!Object.is(x, y)) throw new Error(`${slot.name} is said to have ${x} at ${at}, and has ${y}`);
    return x;
  };
}

/** A template reads operands when it likes: nothing that it writes may be among them. */
function separate(evaluator: Evaluator, { slots, a, b }: DotKernel): void {
  const read = new Set([a, b].flatMap(({ block }) => loadedSlots(block.statements)));
  for (const slot of slots) {
    if (slot.access === "read") continue;
    const memory = evaluator.memory(slot);
    if ([...read].some((other) => evaluator.memory(other) === memory))
      throw new Error(`${slot.name} is written while it is an operand`);
  }
}

function loadedSlots(statements: readonly Statement[]): readonly Slot[] {
  return statements.flatMap((s) => {
    if (s.kind === "let" && s.value.kind === "load") return [s.value.slot];
    return s.kind === "for" || s.kind === "if" ? loadedSlots(s.body) : [];
  });
}

/** A line at a time: all its elements, the order of its keys, and every column in that order. */
function sort(evaluator: Evaluator, { line, place, lines, size, descending, columns }: SortKernel): Act {
  const [i, j] = cells(line, place);
  const compiled = columns.map(({ block, slot, address }) => {
    const [sorted] = cells({ kind: "given", type: block.value.type } as const);
    const { acts, value } = evaluator.scope(() => evaluator.block(block), [i, j]);
    const store = evaluator.scope(() => evaluator.store(slot, address, sorted![0], always), [i, j, sorted!]);
    return { acts, value, sorted: sorted![1], store };
  });
  const [lineCount, length] = [evaluator.compute(lines), evaluator.compute(size)];
  return () =>
    evaluator.iterate("parallel", lineCount(), i[1], () => {
      const count = length();
      const elements = compiled.map(({ acts, value }) =>
        Array.from({ length: count }, (_, at) => {
          j[1].value = at;
          runAll(acts);
          return value();
        }),
      );
      const [keys] = elements;
      const order = keys!.map((_, at) => at).sort((x, y) => precedence(keys![x]!, keys![y]!, descending));
      order.forEach((from, to) => {
        j[1].value = to;
        compiled.forEach(({ sorted, store }, c) => {
          sorted.value = elements[c]![from]!;
          store();
        });
      });
    });
}

/** Negative where `x` stands before `y`. NaN stands last. */
function precedence(x: number, y: number, descending: boolean): number {
  if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
  return (descending ? -1 : 1) * (x < y ? -1 : x > y ? 1 : 0);
}

const compiled = new WeakMap<Kernel, { readonly evaluator: Evaluator; readonly acts: readonly Act[] }>();

function compile(kernel: Kernel): { readonly evaluator: Evaluator; readonly acts: readonly Act[] } {
  let known = compiled.get(kernel);
  if (known !== undefined) return known;
  const evaluator = new Evaluator(kernel);
  const acts = kernel.kind === "loops" ? evaluator.body(kernel.body) : [actOf(evaluator, kernel)];
  known = { evaluator, acts };
  compiled.set(kernel, known);
  return known;
}

function actOf(evaluator: Evaluator, kernel: Exclude<Kernel, { readonly kind: "loops" }>): Act {
  if (kernel.kind === "claimed") return claimed(evaluator, kernel);
  return kernel.kind === "dot" ? dot(evaluator, kernel) : sort(evaluator, kernel);
}

/** What one instance of a kernel works on: memory for each slot, numbers for the scalars. */
export interface KernelInstance {
  readonly memories: readonly Memory[];
  readonly scalars?: readonly number[];
}

/** One launch of a kernel: so many buffers and scalars for each instance. Instances, too, are independent of each other. */
export function evaluateKernel(kernel: Kernel, instances: readonly KernelInstance[]): void {
  const written = new Set(
    instances.flatMap(({ memories }) => memories.filter((_, i) => kernel.slots[i]?.access !== "read")),
  );
  try {
    const { evaluator, acts } = compile(kernel);
    for (const memory of written) memory.watch();
    const entry = {};
    instances.forEach(({ memories, scalars = [] }, i) => {
      evaluator.launch(memories, scalars, iterationOf(undefined, entry, "parallel", i));
      runAll(acts);
    });
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${kernelText(kernel)}`);
  } finally {
    for (const memory of written) memory.unwatch();
  }
}
