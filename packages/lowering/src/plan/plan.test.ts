import fc from "fast-check";
import { expect, test } from "vitest";
import { addIndex, constantIndex, indexVariable, multiplyIndex } from "../index-expression.ts";
import type { IndexVariable } from "../index-node.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Item, Launch, Loop, StepProgram } from "../kernel/program.ts";
import { loadParts } from "../parts.ts";
import { lifetimesOf } from "./lifetimes.ts";
import { planMemory, type StepMemory } from "./plan.ts";
import { denseStep, ProgramWriter, randomPrograms } from "./programs.test-kit.ts";

await loadParts();

/** Each output may stand where the first operand does. */
const inPlace = ({ slots }: Kernel): readonly (readonly [number, number])[] =>
  slots.flatMap(({ access }, i) => (access === "write" ? [[0, i] as const] : []));
const options = { align: 64, guard: 64, inPlace };
const none = new Map<string, number>();

/**
 * Runs the program on marks: a buffer that is written spoils whatever else lies on its bytes, and what was spoiled must not
 * be read.
 */
function complaints({ buffers, kernels, signature }: StepProgram, plan: StepMemory): string[] {
  const found: string[] = [];
  const { offsets, arenaBytes } = plan.layout(none);
  const memoryOf = (b: number) => plan.memories[plan.memoryOf[b]!]!;
  const bytesOf = (b: number) => 4 * (buffers[b]!.elements as { value: number }).value;
  const overlap = (a: number, b: number): boolean => {
    const [one, other] = [memoryOf(a), memoryOf(b)];
    if (one.outside !== undefined || other.outside !== undefined) return one === other;
    const [start, place] = [offsets[plan.memoryOf[a]!]!, offsets[plan.memoryOf[b]!]!];
    return start < place + bytesOf(b) && place < start + bytesOf(a);
  };
  const used = buffers.flatMap((_, b) => (plan.memoryOf[b]! >= 0 ? [b] : []));
  const state = new Map<number, "valid" | "spoiled">();
  for (const b of used) if (buffers[b]!.place.kind === "input") state.set(b, "valid");
  for (const [m, at] of offsets.entries())
    if (at >= 0 && at + 4 * (plan.memories[m]!.elements as { value: number }).value > arenaBytes) found.push("outside");

  const read = (b: number, why: string): void => {
    if (state.get(b) !== "valid") found.push(`${why}: buffer ${b} is ${state.get(b) ?? "unwritten"}`);
  };
  const write = (b: number, whole: boolean): void => {
    if (whole || state.get(b) === undefined) state.set(b, "valid");
    for (const other of used) if (other !== b && state.has(other) && overlap(b, other)) state.set(other, "spoiled");
  };
  const stackedIn = ({ body }: Loop): readonly number[] =>
    body.flatMap((item) =>
      item.kind !== "launch"
        ? []
        : item.instances.flatMap((one) =>
            one.buffers.filter((_, s) => kernels[item.kernel]!.slots[s]!.name === "write1"),
          ),
    );
  const run = (item: Item): void => {
    if (item.kind === "loop") {
      for (const b of stackedIn(item)) state.delete(b);
      for (let i = 0; i < 3; i++) item.body.forEach(run);
    }
    if (item.kind === "copy") {
      read(item.from.buffer, "copy");
      write(item.to.buffer, true);
    }
    if (item.kind !== "launch") return;
    const kernel = kernels[item.kernel]!;
    for (const [i, one] of item.instances.entries()) {
      for (const [r, x] of one.buffers.entries()) {
        if (kernel.slots[r]!.access === "write") continue;
        read(x, `instance ${i}`);
        for (const [j, other] of item.instances.entries())
          for (const [s, y] of other.buffers.entries())
            if (
              kernel.slots[s]!.access === "write" &&
              overlap(x, y) &&
              !(i === j && r === 0 && memoryOf(x) === memoryOf(y))
            )
              found.push(`${y} is written over ${x}`);
      }
    }
    // the second of two outputs is written a part in each iteration
    for (const { buffers } of item.instances)
      for (const [s, y] of buffers.entries())
        if (kernel.slots[s]!.access === "write") write(y, kernel.slots[s]!.name === "write0");
  };
  plan.items.forEach(run);
  for (const b of used) {
    const { place } = buffers[b]!;
    if (place.kind === "input" && signature.inputs[place.index]!.alias === undefined) read(b, "after the run");
    if (place.kind !== "result") continue;
    const donor = signature.inputs.findIndex(({ alias }) => alias === place.index);
    const given = used.find(
      (x) => buffers[x]!.place.kind === "input" && (buffers[x]!.place as { index: number }).index === donor,
    );
    if (given === undefined) read(b, "result");
    else if (memoryOf(given) === memoryOf(b)) read(b, "result in place");
    else {
      read(given, "result copied");
      if (!plan.items.some((item) => item.kind === "copy" && item.from.buffer === b && item.to.buffer === given))
        found.push("no copy");
    }
  }
  return found;
}

test("no random program reads what something else was written over", () => {
  fc.assert(
    fc.property(randomPrograms(), (program) => {
      expect(complaints(program, planMemory(program, options))).toEqual([]);
    }),
    { numRuns: 1000 },
  );
});

test("nor does one in which nothing may be computed in place", () => {
  fc.assert(
    fc.property(randomPrograms(), (program) => {
      expect(complaints(program, planMemory(program, { ...options, inPlace: () => [] }))).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test("a training step takes little more than what it has in use at once", () => {
  const batch = indexVariable("B", 1, 4096);
  const program = denseStep(batch, [784, 256, 256, 128, 10]);
  const plan = planMemory(program, options);
  const { first, last, end } = lifetimesOf(program);
  for (const size of [1, 32, 128, 1000]) {
    const dims = new Map([["B", size]]);
    const bytes = program.buffers.map(({ elements, place }) =>
      place.kind !== "temporary"
        ? 0
        : 4 * (elements.kind === "constant" ? elements.value : (size * elements.high) / 4096),
    );
    let most = 0;
    for (let t = 0; t <= end; t++) {
      const live = bytes.reduce((sum, n, b) => (first[b]! <= t && t <= last[b]! ? sum + n : sum), 0);
      most = Math.max(most, live);
    }
    expect(plan.layout(dims).arenaBytes).toBeLessThan(1.3 * most);
  }
  expect(plan.items).toBe(program.items); // all weights are updated in place
});

test("a result is computed in the memory of its donor, or goes there at the end where the donor is still read", () => {
  const w = new ProgramWriter();
  const size = constantIndex(8);
  const [x, gradient] = [w.input(size, 0), w.input(size)];
  const [updated, other] = [w.result(size), w.result(size)];
  const update = w.launch([[x, gradient], [updated]]);
  const read = w.launch([[x], [other]]);
  const early = planMemory(w.program([read, update]), options);
  expect(early.memoryOf[updated]).toBe(early.memoryOf[x]);
  expect(early.layout(none).arenaBytes).toBe(0);
  const late = planMemory(w.program([update, read]), options);
  expect(late.items.at(-1)).toEqual(w.copy(updated, x));
  expect(late.layout(none)).toMatchObject({ arenaBytes: 128, peakBytes: 160 });
});

test("two inputs change places through one temporary", () => {
  const w = new ProgramWriter();
  const size = constantIndex(8);
  const [a, b] = [w.input(size, 1), w.input(size, 0)];
  const [first, second] = [w.result(size), w.result(size)];
  const plan = planMemory(w.program([w.copy(a, first), w.copy(b, second)]), options);
  expect(plan.memoryOf[second]).toBe(plan.memoryOf[a]);
  expect(plan.items.slice(2)).toEqual([w.copy(first, b)]);
});

test("kernels share one scratch, as large as the largest wants it", () => {
  const w = new ProgramWriter();
  const size = constantIndex(8);
  const [x, y] = [w.input(size), w.result(size)];
  const program = w.program([w.launch([[x], [y]])]);
  const [n, batch] = [indexVariable("n", 1, 64), indexVariable("B", 1, 64)];
  const kernels = program.kernels.map((kernel) => ({ ...kernel, scalars: [n as IndexVariable] }));
  const [launch] = program.items as [Launch];
  const instances = [batch, addIndex(batch, 1)].map((s) => ({ ...launch.instances[0]!, scalars: [s] }));
  const plan = planMemory(
    { ...program, kernels, items: [{ ...launch, instances }] },
    { ...options, scratchBytes: () => multiplyIndex(n, 100) },
  );
  expect(plan.layout(new Map([["B", 3]]))).toMatchObject({ arenaBytes: 512, scratchOffset: 0, scratchBytes: 400 });
});
