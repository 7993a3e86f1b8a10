import { always, type GivenValue, type Index, multiplyIndex, type SortKernel, type ValueType } from "@tenon/lowering";
import type { ModuleBuilder } from "../assembler/module.ts";
import type { Func } from "../assembler/values.ts";
import type { Body, Target } from "../render/body.ts";
import type { Instruction, Node } from "../render/tape.ts";
import { sortFunction } from "./sort-records.ts";
import { stepping } from "./stepping.ts";
import { templateFunction } from "./template.ts";

/** A key of 32 bits above the place that it comes from, or a key of 64 bits and the place after it. */
const recordBytes = ({ columns }: SortKernel): 8 | 16 => (columns[0]!.block.value.type === "float64" ? 16 : 8);

/** Bytes of scratch memory that the kernel needs: the records of a line, twice. */
export const sortScratchBytes = (kernel: SortKernel): Index => multiplyIndex(kernel.size, 2 * recordBytes(kernel));

/** Each line is a part. */
export const sortParts = ({ lines }: SortKernel): Index => lines;

/**
 * Sorts lines: the keys with their places, then whatever follows them, in the order of these. Every column is computed
 * anew at the place that an element comes from, so none may be written where one is read.
 */
export function renderSort(m: ModuleBuilder, kernel: SortKernel, target: Target): Func<readonly []> {
  const { line, place, descending, columns } = kernel;
  const record = recordBytes(kernel);
  const sort = sortFunction(m, record);
  return templateFunction(m, kernel, target, (template) => {
    const { f, scratch, begin, end } = template;
    const { i32 } = f;
    const [size] = template.sizes(kernel.size);
    const at = f.local("i32");
    const sorted = f.local("i32");
    const eachPlace = (body: Body, records: Node, write: (at: Node, place: Node) => void): void => {
      const { tape, lanes } = body;
      const last = typeof size === "number" ? lanes.i32(size) : tape.local(size);
      tape.loop(tape.cell("i32", lanes.i32(0)), last, 1, (i) =>
        write(lanes.integer("add", records, lanes.integer("mul", i, lanes.i32(record))), i),
      );
    };

    stepping(f, at, { from: begin, end }, () => {
      template.write([[line, at]], (body, local) =>
        eachPlace(body, local(scratch), (to, i) => {
          const { block } = columns[0]!;
          body.variables.set(place, i);
          body.statements(block.statements);
          const key = ordered(body, body.value(block.value), block.value.type, descending);
          body.tape.store(record === 8 ? "i32.store" : "i64.store", [to, key], record === 8 ? 4 : 0);
          body.tape.store("i32.store", [to, i], record - 8);
        }),
      );
      const bytes = f.let(i32.mul(size, record));
      f.set(sorted, f.call(sort, scratch, i32.add(scratch, bytes), bytes));
      template.write([[line, at]], (body, local) =>
        eachPlace(body, local(sorted), (from, i) => {
          const source = body.tape.read("i32.load", [from], record - 8);
          for (const { block, slot, address } of columns) {
            body.variables.set(place, source);
            body.statements(block.statements);
            const value: GivenValue = { kind: "given", type: block.value.type };
            body.values.set(value, body.value(block.value));
            body.variables.set(place, i);
            body.statements([{ kind: "store", slot, address, value, mask: always }]);
          }
        }),
      );
    });
  });
}

/** Bits that are in order as unsigned numbers when the keys are; NaN gives the last of all, and both zeros the same. */
function ordered({ tape, lanes }: Body, key: Node, type: ValueType, descending: boolean): Node {
  if (type === "float32" || type === "float64") {
    const [float, int, sign] = type === "float32" ? (["f32", "i32", 31] as const) : (["f64", "i64", 63] as const);
    const constant = (n: number): Node => tape.pure(`${int}.const`, [], n);
    const positive = tape.pure(`${float}.add`, [key, lanes.constant(type, 0)]);
    const bits = tape.pure(`${int}.reinterpret_${float}` as Instruction, [positive]);
    const top = tape.pure(`${int}.shl`, [constant(1), constant(sign)]);
    const flips = tape.pure(`${int}.or`, [tape.pure(`${int}.shr_s`, [bits, constant(sign)]), top]);
    const rising = tape.pure(`${int}.xor`, [bits, descending ? tape.pure(`${int}.xor`, [flips, constant(-1)]) : flips]);
    return tape.pure("select", [constant(-1), rising, tape.pure(`${float}.ne`, [key, key])]);
  }
  const flips = (type === "int32" ? 1 << 31 : 0) ^ (descending ? -1 : 0);
  return lanes.integer("xor", key, lanes.i32(flips));
}
