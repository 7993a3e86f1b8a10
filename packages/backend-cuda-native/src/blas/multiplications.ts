import type { Work, WorkInstance } from "@tenon/lowering/threads";
import type { KernelSource } from "../cuda/source.ts";
import type { ProductForm } from "./form.ts";
import { type PlacedOperand, type ProductProblem, problemOf, textOf } from "./problem.ts";
import type { Products } from "./products.ts";

/** An operand of a call, in a memory by number from a byte on. */
export interface CallOperand {
  readonly memory: number;
  readonly offset: number;
}

/** A call of the library. */
export interface Multiplication {
  readonly product: number;
  readonly workspaceBytes: number;
  /** A, B, C, D and the bias. */
  readonly operands: readonly (CallOperand | undefined)[];
}

/** What a library may compute of a kernel: null for a product that it has no words for, undefined for what is none. */
export type MaybeForm = ProductForm | null | undefined;

export interface Multiplications {
  /** None where a kernel of our own computes them. */
  readonly calls: readonly Multiplication[];
  /** Who computes which product, for people; undefined where there is none. */
  readonly said?: string;
}

/** The calls that stand for a launch of a product, which the user has until it leaves. What is guarded stays with our kernels, which look whether they are to run. */
export function multiplicationsOf(
  { source, instances, guard, launch }: Work<KernelSource>,
  forms: readonly MaybeForm[],
  products: Products | undefined,
  user: object,
): Multiplications {
  const form = launch === undefined ? undefined : forms[launch.kernel];
  if (form === undefined || products === undefined) return { calls: [] };
  const own = (why: string): Multiplications => ({ calls: [], said: `${source.name}: a kernel of our own, ${why}` });
  if (form === null) return own("for its types, how it lies or what is computed with it");
  if (guard !== undefined) return own("in a branch or loop that the device decides");
  const calls: Multiplication[] = [];
  let text = "";
  for (const instance of instances) {
    const problem = problemOf(form, new Map(source.scalars.map(({ name }, i) => [name, instance.scalars[i]!])));
    if (problem === undefined || overlaps(problem, instance)) return own("for how its operands lie");
    const ready = products.ready(problem, user);
    if (typeof ready === "string") return own(ready);
    text = textOf(problem);
    calls.push({
      product: ready.number,
      workspaceBytes: ready.workspaceBytes,
      operands: operandsOf(problem, instance),
    });
  }
  return { calls, said: `${source.name}: cuBLASLt ${products.version}, ${text}` };
}

/** Without a C, the library is told that of the result, and does not read it. */
const operandsOf = ({ a, b, c, d, bias }: ProductProblem, { memories }: WorkInstance): Multiplication["operands"] =>
  [a, b, c ?? d, d, bias].map(
    (placed: PlacedOperand | undefined) => placed && { memory: memories[placed.slot]!, offset: placed.offset },
  );

/** Whether the result would be written over what is still to be read: C may be its own memory only where it lies as the result does. */
function overlaps({ a, b, c, d, bias }: ProductProblem, { memories }: WorkInstance): boolean {
  const sameMemory = (x: PlacedOperand | undefined): boolean =>
    x !== undefined && memories[x.slot] === memories[d.slot];
  if (sameMemory(a) || sameMemory(b) || sameMemory(bias)) return true;
  return sameMemory(c) && (c!.offset !== d.offset || c!.leading !== d.leading || c!.stride !== d.stride);
}
