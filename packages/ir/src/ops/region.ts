import type { Signature } from "../attrs.ts";
import { Fn, type Traced } from "../function.ts";
import { input } from "../leaf.ts";
import { fail } from "../rule.ts";
import { withTrace } from "../scope.ts";
import { sameType, type TensorType, typeText } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

/** Refuses operands of other types than a region takes. */
export function checkOperands(region: string, { inputs }: Signature, args: readonly TensorType[]): void {
  if (inputs.length !== args.length) fail("E209", `${region} takes ${inputs.length} operands, not ${args.length}`);
  args.forEach((x, i) => {
    if (!sameType(x, inputs[i]!)) {
      fail("E202", `operand ${i} of ${region} is ${typeText(x)} where it takes ${typeText(inputs[i]!)}`);
    }
  });
}

/** Refuses a region whose results have other types than those wanted. */
export function checkResults(
  region: string,
  { results }: Signature,
  wanted: readonly TensorType[],
  what = "result",
): void {
  if (results.length < wanted.length)
    fail("E209", `${region} has ${results.length} results where ${wanted.length} are wanted`);
  wanted.forEach((type, i) => {
    if (sameType(type, results[i]!)) return;
    fail("E202", `${what} ${i} of ${region} is ${typeText(results[i]!)} where ${typeText(type)} is wanted`);
  });
}

export const typeOf = ({ dtype, shape }: TensorType): TensorType => ({ dtype, shape });

/** A region from other regions: `body` is run on fresh inputs, and uses nothing else. */
export function regionOf(
  name: string,
  types: readonly TensorType[],
  body: (inputs: readonly Tensor[]) => readonly Tensor[],
): Fn {
  const inputs = types.map((type) => input(type));
  return withTrace(() => new Fn(name, inputs, body(inputs)));
}

/** The entries whose mark is set. */
export const marked = <T>(list: readonly T[], marks: readonly boolean[]): T[] =>
  list.filter((_, i) => marks[i] === true);

/** The places whose mark is set. */
export const places = (marks: readonly boolean[]): number[] => marked([...marks.keys()], marks);

/** `values` at their `places` in a list of `length`, null elsewhere. */
export function placed<T>(length: number, at: readonly number[], values: readonly T[]): (T | null)[] {
  const list = new Array<T | null>(length).fill(null);
  at.forEach((place, i) => {
    list[place] = values[i]!;
  });
  return list;
}

/** The marks, with more of them set until `grow` sets no more. */
export function fixpoint(
  marks: readonly boolean[],
  grow: (marks: readonly boolean[]) => readonly boolean[],
): readonly boolean[] {
  for (;;) {
    const next = grow(marks).map((mark, i) => mark || marks[i]!);
    if (next.every((mark, i) => mark === marks[i])) return marks;
    marks = next;
  }
}

/** Traced functions with one list of captured tensors for all: those in front of their first `own` inputs. */
export function closedOver(
  traced: readonly Traced[],
  own: number,
): { readonly fns: readonly Fn[]; readonly captured: readonly Tensor[] } {
  const captured = [...new Set(traced.flatMap((t) => t.captured))];
  const fns = traced.map(({ fn, captured: mine }) =>
    regionOf(fn.name, [...captured, ...fn.inputs.slice(0, own)], (inputs) =>
      fn.inline([...inputs.slice(captured.length), ...mine.map((t) => inputs[captured.indexOf(t)]!)]),
    ),
  );
  return { fns, captured };
}
