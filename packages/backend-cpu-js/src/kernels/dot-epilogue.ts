import { always, type DotKernel, type GivenValue } from "@tenon/lowering";
import type { Local } from "../assembler/values.ts";
import type { Size } from "../index-code.ts";
import type { Body } from "../render/body.ts";
import { loadOne, sizeOf, storeOne } from "../render/memory.ts";
import type { Node } from "../render/tape.ts";
import { variationOf } from "../render/variation.ts";
import type { TileBounds } from "./dot-loops.ts";
import { ROW_BYTES, type TileShape } from "./dot-tile.ts";
import type { Template } from "./template.ts";

type Int = Local<"i32">;

/** The two vectors of a row. */
const COPIES = [0, 1];

/** What is done with the elements of a result, of rows and columns in batches. */
export type Finish = Pick<DotKernel, "type" | "epilogue" | "product" | "columnSums" | "batch" | "row" | "column">;

/**
 * Runs the epilogue on the sums of a tile, whose rows lie `rowBytes` apart, on vectors where the tile has all its columns; adds to
 * the rows of `columnSums`.
 */
export function writeEpilogue(
  template: Template,
  kernel: Finish,
  { columns, bytes }: Pick<TileShape, "columns" | "bytes">,
  batch: Int,
  bounds: TileBounds,
  columnSums: readonly Int[],
  rowBytes: Size = ROW_BYTES,
): void {
  const { type, epilogue, product } = kernel;
  const variation = variationOf(epilogue, kernel.column);
  const wide = [type, ...kernel.columnSums.map(({ value }) => value.type)].includes("float64");

  template.write([[kernel.batch, batch]], (body, local) => {
    const { tape, lanes } = body;
    const advanced = (pointer: Node, steps: Node, size: Size): Node =>
      lanes.integer("add", pointer, lanes.integer("mul", steps, local(size)));
    const [row, column, at] = [local(bounds.row), local(bounds.column), local(bounds.at)];
    const columnEnd = local(bounds.columnEnd);
    const eachRow = (run: (sums: Node) => void): void =>
      tape.loop(tape.cell("i32", row), local(bounds.rowEnd), 1, (i) => {
        body.variables.set(kernel.row, i);
        run(advanced(at, lanes.integer("sub", i, row), rowBytes));
      });

    const vectors = (): void => {
      const totals = kernel.columnSums.map(({ value }) =>
        COPIES.map(() => tape.cell("v128", lanes.splat(lanes.constant(value.type, 0), value.type))),
      );
      eachRow((sums) => {
        const given = COPIES.map((copy) => tape.read("v128.load", [sums], 16 * copy));
        body.values.set(product, given);
        body.within({ variable: kernel.column, first: column, copies: COPIES.length, variation }, () => {
          body.statements(epilogue);
        });
        for (const [i, { value }] of kernel.columnSums.entries())
          for (const copy of COPIES) {
            const cell = totals[i]![copy]!;
            const addend = lanes.splat(body.value(value, copy), value.type);
            tape.set(cell, lanes.apply("add", value.type, tape.get(cell), addend));
          }
      });
      for (const [i, { value }] of kernel.columnSums.entries())
        for (const copy of COPIES) {
          const place = advanced(local(columnSums[i]!), column, 4);
          const before = tape.read("v128.load", [place], 16 * copy);
          const after = lanes.apply("add", value.type, before, tape.get(totals[i]![copy]!));
          tape.store("v128.store", [place, after], 16 * copy);
        }
    };
    const single = (): void =>
      eachRow((sums) =>
        tape.loop(tape.cell("i32", column), columnEnd, 1, (j) => {
          body.variables.set(kernel.column, j);
          const place = advanced(sums, lanes.integer("sub", j, column), bytes);
          body.values.set(product, loadOne(lanes, type, { pointer: place, offset: 0 }));
          body.statements(epilogue);
          for (const [i, { value }] of kernel.columnSums.entries()) {
            const total = advanced(local(columnSums[i]!), j, sizeOf(value.type));
            const at = { pointer: total, offset: 0 };
            const before = loadOne(lanes, value.type, at);
            storeOne(lanes, value.type, at, lanes.apply("add", value.type, before, body.value(value)));
          }
        }),
      );

    if (wide || variation.apart) return single();
    const full = tape.pure("i32.eq", [lanes.integer("sub", columnEnd, column), local(columns)]);
    tape.if(full, vectors, { otherwise: single, closed: true });
  });
}

/** Puts the sums over all rows, one row of `columnSums` for each, where they belong. */
export function writeColumnSums(
  template: Template,
  kernel: DotKernel,
  columns: Size,
  columnSums: readonly Int[],
): void {
  if (columnSums.length === 0) return;
  template.write([], (body: Body, local) => {
    const { tape, lanes } = body;
    tape.loop(tape.cell("i32", local(0)), local(columns), 1, (column) => {
      body.variables.set(kernel.column, column);
      for (const [i, { value, slot, address }] of kernel.columnSums.entries()) {
        const size = lanes.i32(sizeOf(value.type));
        const place = lanes.integer("add", local(columnSums[i]!), lanes.integer("mul", column, size));
        const total: GivenValue = { kind: "given", type: value.type };
        body.values.set(total, loadOne(lanes, value.type, { pointer: place, offset: 0 }));
        body.statements([{ kind: "store", slot, address, value: total, mask: always }]);
      }
    });
  });
}
