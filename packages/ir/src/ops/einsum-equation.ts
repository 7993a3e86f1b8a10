import { type Dim, sameDim } from "../dim.ts";
import { OptionError } from "../errors.ts";
import { valueText } from "../prose.ts";
import { fail } from "../rule.ts";
import type { TensorType } from "../shape.ts";

/** An axis by its letter; those that `...` stands for are `...1`, `...2`, from the last one back. */
export type Label = string;

/** An equation applied to operands: the labels of their axes and of those of the result, and the size of each. */
export interface Equation {
  readonly operands: readonly (readonly Label[])[];
  readonly result: readonly Label[];
  readonly sizes: ReadonlyMap<Label, Dim>;
}

const TERM = /^[a-zA-Z]*(\.\.\.)?[a-zA-Z]*$/;

/** The terms of an equation before and after the arrow, each as letters and `...`. */
function termsOf(equation: unknown): { readonly given: readonly Label[][]; readonly wanted: Label[] | undefined } {
  const refuse = (problem: string): never => {
    throw new OptionError("E803", "einsum", `${valueText(equation)} ${problem}`, {
      fix: 'write letters for axes, such as "bij,bjk->bik", and ... for leading axes',
    });
  };
  if (typeof equation !== "string") return refuse("is no equation");
  const [left, right, ...more] = equation.replaceAll(" ", "").split("->");
  if (more.length > 0) refuse("has more than one arrow");
  const labels = (term: string): Label[] => {
    if (!TERM.test(term)) refuse(`has a term ${valueText(term)} which is not letters with at most one ...`);
    return term.match(/\.\.\.|[a-zA-Z]/g) ?? [];
  };
  const wanted = right === undefined ? undefined : labels(right);
  if (wanted !== undefined && new Set(wanted).size < wanted.length) refuse("has a letter twice behind the arrow");
  return { given: left!.split(",").map(labels), wanted };
}

/** Reads an equation, and refuses through `fail` what does not fit the operands. */
export function readEquation(equation: string, operands: readonly TensorType[]): Equation {
  const { given, wanted } = termsOf(equation);
  const refuse = (code: string, problem: string, fix?: string): never =>
    fail(code, `${problem}, in ${valueText(equation)}`, fix);
  if (given.length !== operands.length)
    refuse(
      "E209",
      `terms and operands differ in number, ${given.length} and ${operands.length}`,
      "give one operand per term",
    );
  let open = 0; // the most axes that `...` stands for
  const labels = given.map((term, n) => {
    const { shape } = operands[n]!;
    const named = term.filter((label) => label !== "...").length;
    const depth = shape.length - named;
    const fits = term.includes("...") ? depth >= 0 : depth === 0;
    if (!fits)
      refuse("E206", `operand ${n} has rank ${shape.length} but ${term.join("") || "its term"} names ${named}`);
    open = Math.max(open, depth);
    return expanded(term, depth);
  });
  const sizes = new Map<Label, Dim>();
  const owner = new Map<Label, number>();
  labels.forEach((list, n) => {
    list.forEach((label, i) => {
      const size = operands[n]!.shape[i]!;
      const seen = sizes.get(label);
      const repeatable = label.startsWith(".");
      if (seen === undefined || (repeatable && seen === 1)) {
        sizes.set(label, size);
        owner.set(label, n);
      } else if (!sameDim(seen, size) && !(repeatable && size === 1))
        refuse(
          "E204",
          `${name(label)} is ${seen} in operand ${owner.get(label)} but ${size} in operand ${n}`,
          "reshape or transpose one of them, or give the axes different letters",
        );
    });
  });
  const result = expanded(wanted ?? implied(given), open);
  for (const label of result)
    if (!sizes.has(label)) refuse("E205", `${label} of the result is in no operand`, "leave it out, or name it before");
  return { operands: labels, result, sizes };
}

const expanded = (term: readonly Label[], depth: number): Label[] =>
  term.flatMap((label) => (label === "..." ? Array.from({ length: depth }, (_, i) => `...${depth - i}`) : [label]));

const name = (label: Label): string => (label.startsWith(".") ? `axis -${label.slice(3)} of ...` : label);

/** Without an arrow: the leading axes, then the letters that stand once, by the alphabet. */
function implied(given: readonly (readonly Label[])[]): Label[] {
  const all = given.flat();
  const once = all.filter((label) => label !== "..." && all.indexOf(label) === all.lastIndexOf(label));
  return [...(all.includes("...") ? ["..."] : []), ...once.sort()];
}
