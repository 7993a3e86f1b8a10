import type { Source } from "@tenon/lowering/threads";

/** Loops that the compiler writes out, so that arrays stay in registers. */
export function eachOf(source: Source, ...loops: readonly (readonly [string, number] | (() => void))[]): void {
  const [loop, ...more] = loops;
  if (typeof loop === "function") {
    loop();
    return;
  }
  const [name, count] = loop!;
  source.line("#pragma unroll");
  source.nested(`for (int ${name} = 0; ${name} < ${count}; ${name}++)`, () => eachOf(source, ...more));
}
