import type { Batching } from "../beside.ts";
import { applyOp, opRecord } from "../op.ts";
import { alignBatch, splat } from "../promote.ts";
import type { Operand, OpRecord } from "../record.ts";
import { elementwiseType, fail, failDType } from "../rule.ts";
import { integers, normal, samplesOf } from "../sample.ts";
import type { Tensor } from "../tensor.ts";
import { gather } from "./gather.ts";
import { toIndices } from "./indexing.ts";
import { scatter } from "./scatter.ts";

/** Rows of `table` by number. (rows, width), (…) → (…, width). A number out of range gives zeros and no gradient. */
export const embeddingOp: OpRecord = opRecord({
  name: "nn.embedding",
  version: 1,
  numeric: "exact",
  inputs: ["table", "ids"],
  type([table, ids]) {
    const { dtype, shape } = elementwiseType([table], "any", ["table"]);
    if (shape.length !== 2) fail("E206", `table has rank ${shape.length}, not 2, in (rows,width),(…)->(…,width)`);
    if (ids.dtype !== "int32") failDType(`ids are ${ids.dtype} where int32 is wanted`, "convert them");
    return { dtype, shape: [...ids.shape, shape[1]!] };
  },
  decompose: ([table, ids]) => gather(table, ids, { axis: 0 }),
  linear: ["table"],
  vjp: ([table, ids], _results, [dy]) => [scatter(splat(0, table.shape, table.dtype), ids, dy, { axis: 0 }), null],
});

export const embeddingBatching: Batching<["table", "ids"]> = (
  [table, ids],
  [tableBatched, idsBatched],
  _attrs,
  size,
) => {
  if (!tableBatched) return applyOp(embeddingOp, [table, ids]);
  const [tables, rows] = alignBatch([table, ids], [tableBatched, idsBatched], size);
  return gather(tables!, rows!, { axis: 1, batch: 1 });
};

/** Rows of `table` by integer number. (rows, width), (…) → (…, width) */
export const embedding = (table: Tensor, ids: Operand): Tensor =>
  applyOp(embeddingOp, [table, toIndices("embedding", ids)])[0]!;

export const embeddingSamples = () =>
  samplesOf(embeddingOp, [
    [normal([5, 3]), integers([4], 0, 4)],
    [normal([5, 3]), integers([2, 3], -1, 5)], // some out of range
    [normal([5, 3]), integers([], 0, 4)],
    [normal([5, 3]), integers([0], 0, 4)],
  ]);
