import { entry } from "../entry.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Item, StepProgram } from "../kernel/program.ts";
import { kernelKey } from "../kernel/walk.ts";

/** The kernels that are launched, equal ones once, and the items that launch them. */
export function shareKernels(
  items: readonly Item[],
  kernels: readonly Kernel[],
): Pick<StepProgram, "items" | "kernels"> {
  const kept: Kernel[] = [];
  const numbers = new Map<string, number>();
  const numberOf = (kernel: Kernel): number => entry(numbers, kernelKey(kernel), () => kept.push(kernel) - 1);
  const each = (item: Item): Item => {
    switch (item.kind) {
      case "launch":
        return { ...item, kernel: numberOf(kernels[item.kernel]!) };
      case "loop":
        return { ...item, body: item.body.map(each) };
      case "branch":
        return { ...item, branches: item.branches.map((branch) => branch.map(each)) };
      case "while":
        return { ...item, condition: item.condition.map(each), body: item.body.map(each) };
      default:
        return item;
    }
  };
  return { items: items.map(each), kernels: kept };
}
