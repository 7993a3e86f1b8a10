import type { Meaning } from "./beside.ts";
import { barrierMeaning, barrierOp } from "./ops/barrier.ts";
import { callMeaning, callOp } from "./ops/call.ts";
import { concatMeaning, concatOp } from "./ops/concat.ts";
import { condMeaning, condOp } from "./ops/cond.ts";
import { constantMeaning, constantOp, dimMeaning, dimOp, iotaMeaning, iotaOp } from "./ops/constant.ts";
import { dotMeaning, dotOp } from "./ops/dot.ts";
import { dynamicSliceMeaning, dynamicSliceOp, dynamicUpdateMeaning, dynamicUpdateOp } from "./ops/dynamic.ts";
import { gatherMeaning, gatherOp } from "./ops/gather.ts";
import { broadcastMeaning, broadcastOp, reverseMeaning, reverseOp, transposeMeaning, transposeOp } from "./ops/move.ts";
import { padMeaning, padOp } from "./ops/pad.ts";
import { reduceMeaning, reduceOp } from "./ops/reduce.ts";
import { reshapeMeaning, reshapeOp } from "./ops/reshape.ts";
import { rngBitsMeaning, rngBitsOp } from "./ops/rng.ts";
import { scanMeaning, scanOp } from "./ops/scan.ts";
import { scatterMeaning, scatterOp } from "./ops/scatter.ts";
import { sliceMeaning, sliceOp } from "./ops/slice.ts";
import { sortMeaning, sortOp } from "./ops/sort.ts";
import { whileMeaning, whileOp } from "./ops/while.ts";
import { foldMeaning, foldOp, windowsMeaning, windowsOp } from "./ops/windows.ts";
import type { OpRecord } from "./record.ts";

/** The structural ops of this package. */
const meanings: ReadonlyMap<OpRecord, Meaning<any>> = new Map<OpRecord, Meaning<any>>([
  [barrierOp, barrierMeaning],
  [callOp, callMeaning],
  [concatOp, concatMeaning],
  [condOp, condMeaning],
  [constantOp, constantMeaning],
  [iotaOp, iotaMeaning],
  [dimOp, dimMeaning],
  [dotOp, dotMeaning],
  [dynamicSliceOp, dynamicSliceMeaning],
  [dynamicUpdateOp, dynamicUpdateMeaning],
  [gatherOp, gatherMeaning],
  [broadcastOp, broadcastMeaning],
  [transposeOp, transposeMeaning],
  [reverseOp, reverseMeaning],
  [padOp, padMeaning],
  [reduceOp, reduceMeaning],
  [reshapeOp, reshapeMeaning],
  [rngBitsOp, rngBitsMeaning],
  [scanOp, scanMeaning],
  [scatterOp, scatterMeaning],
  [sliceOp, sliceMeaning],
  [sortOp, sortMeaning],
  [whileOp, whileMeaning],
  [windowsOp, windowsMeaning],
  [foldOp, foldMeaning],
]);

type Run = NonNullable<OpRecord["run"]>;

/** What an op computes on whole arrays, where that is stated: by its record, or for the structural ops of this package here. */
export function meaningOf(op: OpRecord): Run | undefined {
  const meaning = meanings.get(op);
  if (meaning === undefined) return op.run;
  return (args, attrs, results, call) => {
    const data = meaning(args as never, attrs, results, call);
    return data instanceof Float64Array ? [data] : data;
  };
}
