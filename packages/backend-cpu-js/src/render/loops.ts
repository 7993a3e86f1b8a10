import type { For, Index, LoopKernel, Register } from "@tenon/lowering";
import type { ModuleBuilder } from "../assembler/module.ts";
import type { Func } from "../assembler/values.ts";
import { LANES } from "./arithmetic.ts";
import { Body, type Target } from "./body.ts";
import { chooseLanes, gatheredIn, type LaneChoice } from "./choice.ts";
import { Emitter } from "./emit.ts";
import type { Cell, Node } from "./tape.ts";

/**
 * The loop whose iterations threads may share: the outermost parallel one, where nothing but values stands beside it, so that
 * it does no harm to compute the rest in every thread.
 */
function sharedLoop({ body }: LoopKernel): For | undefined {
  const effects = body.filter((s) => s.kind !== "let" && s.kind !== "bind");
  const [loop] = effects;
  return effects.length === 1 && loop?.kind === "for" && loop.role === "parallel" ? loop : undefined;
}

/** How many iterations there are to share between threads; undefined where the kernel has to run whole. */
export const extentOf = (kernel: LoopKernel): Index | undefined => sharedLoop(kernel)?.size;

/** Threads begin at multiples of this. */
export const SHARE = 16;

/**
 * The kernel as a function of the byte address of each slot, each scalar, and, where there is an extent, the first iteration,
 * a multiple of `SHARE`, and the one after the last. `choices` says along which loops lanes run.
 */
export function renderLoops(
  m: ModuleBuilder,
  kernel: LoopKernel,
  target: Target,
  choices = chooseLanes(kernel.body),
): Func {
  const shared = sharedLoop(kernel);
  const names = [
    ...kernel.slots.map((_, i) => `slot${i}`),
    ...kernel.scalars.map((_, i) => `scalar${i}`),
    ...(shared === undefined ? [] : ["begin", "end"]),
  ];
  const params = Object.fromEntries(names.map((name) => [name, "i32"] as const));
  return m.func(kernel.name, { params }, (f, locals) => {
    const body = new Body(target, (loop) => {
      const [begin, end] =
        loop === shared ? [local("begin"), local("end")] : [body.lanes.i32(0), body.index(loop.size)];
      const choice = choices.get(loop);
      if (choice === undefined) body.run(loop, begin, end);
      else runInLanes(body, loop, choice, begin, end);
    });
    const local = (name: string): Node => body.tape.local(locals[name]!);
    for (const [i, slot] of kernel.slots.entries()) body.slots.set(slot, local(`slot${i}`));
    for (const [i, scalar] of kernel.scalars.entries()) body.variables.set(scalar, local(`scalar${i}`));
    body.statements(kernel.body);
    new Emitter(f).write(body.tape.root);
  });
}

/**
 * A loop with lanes: several vectors at a time, then one, then one in which some lanes count. A long body has the last for
 * all that is left over. Registers from outside have a partial result in each lane of each vector, and these meet in the
 * same order always.
 */
function runInLanes(body: Body, loop: For, { variation, copies, long }: LaneChoice, begin: Node, end: Node): void {
  const { lanes, tape } = body;
  const { variable, size } = loop;
  const gathered = gatheredIn(loop.body);
  const partial = gathered.map((register) => Array.from({ length: copies }, () => body.cell(register, true)));
  const whole = gathered.map((register) => body.registers.get(register) as Cell);
  const open = (count: number, first: Node, rest?: Node): void => {
    for (const [i, register] of gathered.entries()) body.registers.set(register, partial[i]!.slice(0, count));
    const some = rest === undefined ? {} : { rest };
    body.within({ variable, first, copies: count, variation, gathered, aligned: true, ...some }, () =>
      body.statements(loop.body),
    );
  };

  const counter = tape.cell("i32", begin);
  const length = lanes.integer("sub", end, begin);
  const most = size.kind === "constant" ? size.value : Infinity;
  for (const count of long || copies === 1 ? [copies] : [copies, 1]) {
    const step = LANES * count;
    if (most < step || (count < copies && most % (LANES * copies) < step)) continue;
    const last = lanes.integer("add", begin, lanes.integer("and", length, lanes.i32(-step)));
    tape.loop(counter, last, step, (first) => open(count, first));
  }
  if (most % (long ? LANES * copies : LANES) !== 0)
    tape.loop(counter, end, LANES, (first) => open(1, first, lanes.integer("sub", end, first)));

  for (const [i, register] of gathered.entries()) {
    const { combine, type } = register;
    const all = together(body, register, partial[i]!);
    body.registers.set(register, whole[i]!);
    tape.set(whole[i]!, body.combine(combine, type, tape.get(whole[i]!), all));
  }
}

/** The words of a vector in another order: its halves exchanged, and its neighbours. */
const EXCHANGES = [
  [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7],
  [4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11],
];

/** The partial results of a register as one value: vectors by halves, then lanes by halves. */
function together(body: Body, { combine, type }: Register, partial: readonly Cell[]): Node {
  let vectors = partial.map((cell) => body.tape.get(cell));
  while (vectors.length > 1) {
    const half = vectors.length / 2;
    vectors = vectors.slice(0, half).map((x, i) => body.combine(combine, type, x, vectors[i + half]!));
  }
  const all = EXCHANGES.reduce(
    (x, order) => body.combine(combine, type, x, body.tape.pure("i8x16.shuffle", [x, x], order)),
    vectors[0]!,
  );
  return body.lanes.extract(all, type, 0);
}
