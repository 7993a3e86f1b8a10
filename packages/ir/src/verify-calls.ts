import { checkLimit, type Limits } from "./limits.ts";
import { calledBy, type Module } from "./module.ts";
import type { Faults } from "./verify-fault.ts";

interface Frame {
  readonly name: string;
  readonly callees: readonly string[];
  next: number;
}

/** The functions in an order in which those called come first. No function may call itself, however indirectly. */
export function checkCalls(module: Module, limits: Limits, faults: Faults): readonly string[] {
  const callees = new Map(module.functions.map((def) => [def.name, [...new Set(def.ops.flatMap(calledBy))]]));
  const depths = new Map<string, number>();
  const open = new Set<string>();
  for (const { name: root } of module.functions) {
    const stack: Frame[] = [];
    const enter = (name: string): void => {
      open.add(name);
      stack.push({ name, callees: callees.get(name)!, next: 0 });
    };
    if (!depths.has(root)) enter(root);
    for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
      const callee = frame.callees[frame.next++];
      if (callee === undefined) {
        depths.set(
          frame.name,
          frame.callees.reduce((deepest, name) => Math.max(deepest, 1 + (depths.get(name) ?? 0)), 0),
        );
        open.delete(frame.name);
        stack.pop();
      } else if (open.has(callee)) {
        const path = [...open].slice([...open].indexOf(callee));
        faults.add(
          "E309",
          "fn",
          `the function calls itself: ${[...path, callee].map((name) => `@${name}`).join(" → ")}`,
          { fn: frame.name },
        );
      } else if (!depths.has(callee)) enter(callee);
    }
  }
  for (const [name, depth] of depths) {
    try {
      checkLimit("fn", limits, "callDepth", depth);
    } catch (error) {
      faults.addError(error, "fn", { fn: name });
    }
  }
  return [...depths.keys()];
}
