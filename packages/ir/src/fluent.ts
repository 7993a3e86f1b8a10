import type { Operand } from "./record.ts";
import { add, mul } from "./ops/arithmetic.ts";
import { bitcast, cast } from "./ops/cast.ts";
import { equal, greater, greaterEqual, less, lessEqual, notEqual } from "./ops/compare.ts";
import { Tensor } from "./tensor.ts";

/** The ops that may also be written as methods. A closed list: every other op is a function only. */
const methods = { add, bitcast, cast, equal, greater, greaterEqual, less, lessEqual, mul, notEqual };

type Method<F> = F extends (x: any, ...rest: infer R) => infer Y ? (...rest: R) => Y : never;
/** `tensor.ts` imports this type and merges it into `Tensor`. */
export type Methods = { [K in keyof typeof methods]: Method<(typeof methods)[K]> };

for (const [name, op] of Object.entries(methods)) {
  Object.defineProperty(Tensor.prototype, name, {
    value(this: Tensor, ...rest: never[]) {
      return (op as (x: Operand, ...rest: unknown[]) => unknown)(this, ...rest);
    },
  });
}
