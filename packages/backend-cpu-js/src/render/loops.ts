import type { For, Index, LoopKernel } from "@tenon/lowering";
import type { ModuleBuilder } from "../assembler/module.ts";
import type { Func } from "../assembler/values.ts";
import { Body, type Target } from "./body.ts";
import { Emitter } from "./emit.ts";

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

/**
 * The kernel as a function of the byte address of each slot, each scalar, and, where there is an extent, the first iteration
 * and the one after the last.
 */
export function renderLoops(m: ModuleBuilder, kernel: LoopKernel, target: Target): Func {
  const shared = sharedLoop(kernel);
  const params = Object.fromEntries([
    ...kernel.slots.map((_, i) => [`slot${i}`, "i32"] as const),
    ...kernel.scalars.map((_, i) => [`scalar${i}`, "i32"] as const),
    ...(shared === undefined ? [] : (["begin", "end"] as const).map((name) => [name, "i32"] as const)),
  ]);
  return m.func(kernel.name, { params }, (f, locals) => {
    const body = new Body(target, (loop) => {
      if (loop !== shared) body.run(loop);
      else body.run(loop, body.tape.local(locals.begin!), body.tape.local(locals.end!));
    });
    for (const [i, slot] of kernel.slots.entries()) body.slots.set(slot, body.tape.local(locals[`slot${i}`]!));
    for (const [i, scalar] of kernel.scalars.entries())
      body.variables.set(scalar, body.tape.local(locals[`scalar${i}`]!));
    body.statements(kernel.body);
    new Emitter(f).write(body.tape.root);
  });
}
