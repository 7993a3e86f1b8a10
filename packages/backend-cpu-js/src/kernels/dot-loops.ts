import type { FunctionBuilder } from "../assembler/function.ts";
import type { Func, Local } from "../assembler/values.ts";
import type { Size } from "../index-code.ts";
import { BLOCK_ROWS, type DotPlan, KEPT_ROWS, MAX_COLUMNS } from "./dot-plan.ts";
import { ROW_BYTES } from "./dot-tile.ts";
import { atMost, integers, stepping } from "./stepping.ts";

type Int = Local<"i32">;

/** More rows than there are. */
const WHOLE = 2 ** 30;

/** Rows `row` … `rowEnd − 1` and columns `column` … `columnEnd − 1`, the first of whose sums lies at `at`. */
export interface TileBounds {
  readonly row: Int;
  readonly rowEnd: Int;
  readonly column: Int;
  readonly columnEnd: Int;
  readonly at: Int;
}

/** Lines `from` … `end − 1` of an operand, and `count` steps of k from `k` on. */
export interface PanelBounds {
  readonly from: Int;
  readonly end: Int;
  readonly k: Int;
  readonly count: Int;
  readonly to: Int;
}

/** What differs from product to product. */
export interface Product {
  readonly rows: Size;
  readonly columns: Size;
  readonly k: Size;
  readonly depth: Size;
  readonly keptRows: Size;
  readonly packedA: Int;
  readonly packedB: Int;
  readonly sums: Int;
  packA(bounds: PanelBounds): void;
  packB(bounds: PanelBounds): void;
  /** What is done with the sums of a tile. */
  finish(bounds: TileBounds): void;
}

/**
 * Parts `begin` … `end − 1` of a product, each `BLOCK_ROWS` rows of one of the batches.
 *
 * The loops are those of Goto & van de Geijn (2008, Anatomy of high-performance matrix multiplication): a block of B
 * is packed, then for each block of rows one of A, and tiles of both are multiplied, a panel of B staying in the first-level cache. Sums that
 * take several blocks of k are kept in between, for a limited number of rows.
 */
export function writeProduct(
  f: FunctionBuilder,
  tile: Func<readonly []>,
  plan: DotPlan,
  product: Product,
  { batch, begin, end }: Readonly<Record<"batch" | "begin" | "end", Int>>,
): void {
  const { i32 } = f;
  const { rows, columns, k, depth, keptRows, packedA, packedB, sums } = product;
  const { single } = plan;
  const { rows: tileRows, columns: tileColumns, bytes } = plan.tile;
  const [row, rowEnd, j0, r0, k0, i0] = integers(f, 6);
  const [j, i, a, b, c, last] = integers(f, 6);
  const partsOfBatch = f.let(i32.div_u(i32.add(rows, BLOCK_ROWS - 1), BLOCK_ROWS));

  f.block((done) => {
    f.loop((nextPart) => {
      f.brIf(done, i32.ge_s(begin, end));
      f.set(batch, i32.div_u(begin, partsOfBatch));
      f.set(row, i32.mul(i32.rem_u(begin, partsOfBatch), BLOCK_ROWS));
      f.set(rowEnd, atMost(f, i32.add(row, i32.mul(i32.sub(end, begin), BLOCK_ROWS)), rows));

      stepping(f, j0, { from: 0, end: columns, step: MAX_COLUMNS }, () => {
        const columnEnd = atMost(f, i32.add(j0, MAX_COLUMNS), columns);
        stepping(f, r0, { from: row, end: rowEnd, step: single ? WHOLE : KEPT_ROWS }, () => {
          const keptEnd = single ? rowEnd : atMost(f, i32.add(r0, KEPT_ROWS), rowEnd);
          f.set(k0, 0);
          f.loop((nextDepth) => {
            const kEnd = atMost(f, i32.add(k0, depth), k);
            const count = f.let(i32.sub(kEnd, k0));
            if (!single) f.set(last, i32.ge_s(kEnd, k));
            product.packB({ from: j0, end: columnEnd, k: k0, count, to: packedB });
            stepping(f, i0, { from: r0, end: keptEnd, step: BLOCK_ROWS }, () => {
              const blockEnd = atMost(f, i32.add(i0, BLOCK_ROWS), keptEnd);
              product.packA({ from: i0, end: blockEnd, k: k0, count, to: packedA });
              f.set(b, packedB);
              stepping(f, j, { from: j0, end: columnEnd, step: tileColumns }, () => {
                f.set(a, packedA);
                f.set(c, sums);
                if (!single) {
                  f.set(c, i32.add(c, i32.mul(i32.sub(i0, r0), ROW_BYTES)));
                  f.set(c, i32.add(c, i32.mul(i32.mul(i32.sub(j, j0), bytes), keptRows)));
                }
                const tileColumnEnd = atMost(f, i32.add(j, tileColumns), columnEnd);
                stepping(f, i, { from: i0, end: blockEnd, step: tileRows }, () => {
                  f.call(tile, a, b, c, count, single ? 1 : i32.eqz(k0));
                  const finish = (): void => {
                    const tileRowEnd = atMost(f, i32.add(i, tileRows), blockEnd);
                    product.finish({ row: i, rowEnd: tileRowEnd, column: j, columnEnd: tileColumnEnd, at: c });
                  };
                  if (single) finish();
                  else {
                    f.if(last, finish);
                    f.set(c, i32.add(c, tileRows * ROW_BYTES));
                  }
                  f.set(a, i32.add(a, i32.mul(count, tileRows * bytes)));
                });
                f.set(b, i32.add(b, i32.mul(count, ROW_BYTES)));
              });
            });
            f.brIf(nextDepth, i32.lt_s(f.tee(k0, i32.add(k0, depth)), k));
          });
        });
      });
      f.set(begin, i32.add(begin, i32.div_u(i32.add(i32.sub(rowEnd, row), BLOCK_ROWS - 1), BLOCK_ROWS)));
      f.br(nextPart);
    });
  });
}
