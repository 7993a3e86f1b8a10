import { LimitError } from "@tenon/ir";
import type { StepProgram } from "@tenon/lowering";
import { largestTensors } from "@tenon/lowering/threads";
import { type Explain, explainAs, outOfMemory } from "./faults.ts";

/** The error of a program for whose temporaries there is no memory: it lists the tensors that take the most. */
export function outOfMemoryOf(program: StepProgram, dims: ReadonlyMap<string, number>): Explain {
  const { entry } = program.signature;
  const other = explainAs(entry, "the allocation of temporaries");
  return (message, kind) =>
    kind === "out-of-memory" ? outOfMemory(entry, "the run", largestTensors(program, dims)) : other(message, kind);
}

/** Throws where a temporary has more bytes than a kernel of the device can reach. */
export function checkSizes(
  program: StepProgram,
  dims: ReadonlyMap<string, number>,
  bytes: readonly number[],
  most: number,
): void {
  const largest = Math.max(0, ...bytes);
  if (largest <= most) return;
  const { entry } = program.signature;
  throw new LimitError(
    "E534",
    entry,
    `a tensor between kernels has ${largest} bytes, a buffer of the device up to ${most}`,
    {
      operands: largestTensors(program, dims),
      fix: "use a smaller batch, or compute in parts",
    },
  );
}
