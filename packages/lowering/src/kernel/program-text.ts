import { typeText } from "@tenon/ir";
import { constantIndex } from "../index-expression.ts";
import { indexText } from "../index-text.ts";
import { launchesOf } from "./items.ts";
import type { Kernel } from "./kernel.ts";
import type { Item, Launch, StepProgram, Stretch } from "./program.ts";
import { kernelText } from "./text.ts";

/** A program as people read it: buffers, what is done with them in order, and the number of kernels. */
export function programText({ signature, kernels, buffers, items }: StepProgram): string {
  const lines = [`program ${signature.entry}`];
  buffers.forEach(({ place, ...type }, i) => {
    const number = "index" in place ? ` ${place.index}` : "";
    lines.push(`  b${i}: ${typeText(type)} ${place.kind}${number}`);
  });

  const write = (list: readonly Item[], indent: string): void => {
    const nested = (title: string, body: readonly Item[]): void => {
      lines.push(`${indent}${title} {`);
      write(body, `${indent}  `);
      lines.push(`${indent}}`);
    };
    for (const item of list)
      switch (item.kind) {
        case "launch":
          lines.push(`${indent}${launchText(item, kernels[item.kernel]!)}`);
          break;
        case "copy":
          lines.push(`${indent}${stretch(item.to)} = ${indexText(item.elements)} elements of ${stretch(item.from)}`);
          break;
        case "loop":
          nested(`for ${item.variable.name} < ${indexText(item.length)}`, item.body);
          break;
        case "branch":
          item.branches.forEach((branch, i) => {
            nested(`if ${stretch(item.index)} is ${i}`, branch);
          });
          break;
        case "while":
          nested("do", item.condition);
          nested(`while b${item.flag}${item.most === undefined ? "" : `, at most ${item.most} times`}`, item.body);
      }
  };
  write(items, "  ");
  lines.push(`${kernels.length} kernels, ${launchesOf(items)} launches`);
  return lines.join("\n");
}

/** A program with its kernels. */
export const debugText = (program: StepProgram): string =>
  [programText(program), ...program.kernels.map(kernelText)].join("\n\n");

/** A launch: its kernel, what it gets, and which layers it comes from. */
export function launchText({ kernel, instances, origin }: Launch, { name }: Kernel): string {
  const given = instances.map(({ buffers, scalars }) => {
    const values = scalars.map(indexText).join(", ");
    return `(${buffers.map((b) => `b${b}`).join(", ")}${values && `; ${values}`})`;
  });
  const count = instances.length === 1 ? "" : ` ×${instances.length}`;
  const from = origin.scopes.length === 0 ? "" : ` from ${origin.scopes.join(", ")}`;
  return `k${kernel} ${name}${count} ${given.join(" ")}${from}`;
}

const stretch = ({ buffer, start }: Stretch): string =>
  start === constantIndex(0) ? `b${buffer}` : `b${buffer}[${indexText(start)}…]`;
