import type { Jvp } from "./beside.ts";
import { div, divJvp } from "./ops/arithmetic.ts";
import { callJvp, callOp } from "./ops/call.ts";
import { convert, convertJvp } from "./ops/cast.ts";
import { condJvp, condOp } from "./ops/cond.ts";
import { convJvp, convOp } from "./ops/conv.ts";
import { dotJvp, dotOp } from "./ops/dot.ts";
import { log, log1p, log1pJvp, logJvp } from "./ops/exponential.ts";
import { maxPoolJvp, maxPoolOp } from "./ops/max-pool.ts";
import { reduceJvp, reduceOp } from "./ops/reduce.ts";
import { relu, reluJvp } from "./ops/relu.ts";
import { scanJvp, scanOp } from "./ops/scan.ts";
import { scatterJvp, scatterOp } from "./ops/scatter.ts";
import { sortJvp, sortOp } from "./ops/sort.ts";
import { stopGradient, stopGradientJvp } from "./ops/stop-gradient.ts";
import { whileJvp, whileOp } from "./ops/while.ts";
import type { OpRecord } from "./record.ts";
import type { Tensor } from "./tensor.ts";

/** The ops of this package that have a rule for forward mode. Other scalars have `derivatives`; what is linear is its own tangent. */
const rules: ReadonlyMap<OpRecord, Jvp<any, any>> = new Map<OpRecord, Jvp<any, any>>([
  [div.op, divJvp],
  [callOp, callJvp],
  [convert.op, convertJvp],
  [condOp, condJvp],
  [convOp, convJvp],
  [dotOp, dotJvp],
  [log1p.op, log1pJvp],
  [log.op, logJvp],
  [maxPoolOp, maxPoolJvp],
  [reduceOp, reduceJvp],
  [relu.op, reluJvp],
  [scanOp, scanJvp],
  [scatterOp, scatterJvp],
  [sortOp, sortJvp],
  [stopGradient.op, stopGradientJvp],
  [whileOp, whileJvp],
]);

type Rule = NonNullable<OpRecord["jvp"]>;

/** The tangents of an op's results, where that is stated: by its record, or for the ops of this package here. */
export function jvpOf(op: OpRecord): Rule | undefined {
  const rule = rules.get(op);
  if (op.jvp !== undefined || rule === undefined) return op.jvp;
  return (args, tangents, results, attrs, ad) => {
    const changes = rule(args as never, tangents as never, results as never, attrs, ad);
    return Array.isArray(changes) ? changes : [changes as Tensor | null];
  };
}
