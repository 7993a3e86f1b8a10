import { roundToDType } from "@tenon/ir";
import { modIndex } from "../index-division.ts";
import { addIndex, indexVariable, multiplyIndex } from "../index-expression.ts";
import type { Index, IndexVariable } from "../index-node.ts";
import { equalIndex, lessThan } from "../index-predicate.ts";
import { loadParts } from "../parts.ts";
import { evaluateKernel } from "./evaluate.test-kit.ts";
import { Memory } from "./evaluate-memory.test-kit.ts";
import type { AluOp, Kernel, LoopKernel, Slot, Value } from "./kernel.ts";
import { KernelWriter } from "./writer.ts";

await loadParts();

const N = indexVariable("N", 1, 64) as IndexVariable;
const R = indexVariable("R", 1, 64) as IndexVariable;

const types = ["float32", "int32", "uint32", "bool"] as const;
type Type = (typeof types)[number];
const dtypes = {
  float32: ["float32", "float32", "float16"],
  int32: ["int32", "int32", "int8"],
  uint32: ["uint32", "uint16"],
  bool: ["bool"],
} as const;
const ops: Readonly<Record<Type, readonly AluOp[]>> = {
  float32: ["add", "sub", "maximum", "minimum", "neg", "floor"],
  int32: ["add", "mul", "xor", "shr", "div", "minimum", "abs", "sign"],
  uint32: ["add", "mul", "xor", "shr", "div", "maximum", "not"],
  bool: ["and", "or", "xor", "not"],
};
const unary = new Set<AluOp>(["neg", "floor", "abs", "sign", "not"]);

/** Numbers that repeat from run to run. */
export class Draw {
  #state: number;
  constructor(seed: number) {
    this.#state = seed;
  }
  below(n: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0; // Numerical Recipes' generator
    return Math.floor((this.#state / 2 ** 32) * n);
  }
  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}

/** Adds a few values made of those there are. */
function compute(w: KernelWriter, draw: Draw, values: Value[]): void {
  for (let k = 0; k < 8; k++) {
    const a = draw.of(values);
    const type = a.type as Type;
    const same = (x: Value): Value => draw.of(values.filter((y) => y.type === x.type));
    switch (draw.below(5)) {
      case 0:
        values.push(w.alu(draw.of(["lt", "eq", "ge", "ne"]), [a, same(a)], "bool"));
        break;
      case 1:
        values.push(w.alu("convert", [a], draw.of(types)));
        break;
      case 2: {
        const condition = draw.of(values.filter((x) => x.type === "bool"));
        values.push(w.alu("select", [condition, a, same(a)]));
        break;
      }
      default: {
        const op = draw.of(ops[type]);
        const b = op === "div" ? w.alu("or", [same(a), w.constant(type, 1)]) : same(a);
        values.push(w.alu(op, unary.has(op) ? [a] : [a, b]));
      }
    }
  }
}

/** For each row a reduction, or a value for each column, of what lies in a few buffers in all kinds of ways. */
export function randomKernel(draw: Draw): LoopKernel {
  return kernelOf(
    (w) => {
      const [i, j] = [w.axis("i", R), w.axis("j", N)];
      const at = (row: Index, column: Index, width: Index): Index => addIndex(multiplyIndex(row, width), column);
      const loads = (places: readonly Index[]): Value[] =>
        types.map((type) => w.load(w.slot(draw.of(dtypes[type]), "read"), draw.of(places)));
      const store = (value: Value, place: Index, mask = lessThan(0, 1)): void =>
        w.store(w.slot(draw.of(dtypes[value.type as Type]), "write"), place, value, mask);
      w.loop(i, R, "parallel", () => {
        const outside = [...loads([i, multiplyIndex(2, i)]), w.index(i)];
        compute(w, draw, outside);
        const inside = (): Value[] => {
          const places = [at(i, j, N), j, i, at(j, i, R), multiplyIndex(2, j), modIndex(j, 3)];
          const values = [...outside, ...loads(places), w.index(at(i, j, N)), w.test(lessThan(j, i))];
          compute(w, draw, values);
          return values;
        };
        if (draw.below(2) === 0) {
          const sum = w.register("float32", draw.of(["add", "maximum"]));
          w.loop(j, N, "reduce", () => {
            // whole and small, so that sums are the same in any order
            const wide = inside().findLast(({ type }) => type === "float32")!;
            const low = w.alu("maximum", [wide, w.constant("float32", -99)]);
            w.update(sum, w.alu("floor", [w.alu("minimum", [low, w.constant("float32", 99)])]));
          });
          store(w.read(sum), i);
        } else
          w.loop(j, N, "parallel", () => {
            const mask = draw.of([lessThan(0, 1), lessThan(i, j), equalIndex(modIndex(j, 3), 0)]);
            store(inside().at(-1)!, draw.of([at(i, j, N), at(j, i, R)]), mask);
          });
      });
    },
    [N, R],
  );
}

/** What a slot's buffer holds before a run: small whole numbers, and ones where nothing is read. */
export const contents = ({ dtype, access }: Slot, count: number, seed: number): Memory =>
  memoryOf(
    dtype,
    Array.from({ length: count }, (_, k) =>
      access === "write"
        ? 1
        : dtype === "bool"
          ? (k * 7 + seed) % 3 === 0
          : ((Math.imul(k + seed, 0x9e3779b1) >>> 7) % 19) - 9,
    ).map(Number),
  );

/** A kernel from what `write` writes. */
export function kernelOf(write: (w: KernelWriter) => void, scalars: readonly IndexVariable[] = []): LoopKernel {
  const w = new KernelWriter();
  write(w);
  return { kind: "loops", name: "example", slots: w.slots, scalars, body: w.statements };
}

export const memoryOf = (dtype: Memory["dtype"], values: ArrayLike<number>): Memory =>
  new Memory(
    dtype,
    Float64Array.from(values, (x) => roundToDType(dtype, x)),
  );

/** Whole numbers, small, so that sums are the same in any order. */
export const small = (count: number, seed = 1): readonly number[] =>
  Array.from({ length: count }, (_, i) => ((Math.imul(i + seed, 0x9e3779b1) >>> 7) % 19) - 9);

export type KernelFunction = (memories: readonly Memory[], scalars?: readonly number[]) => Memory[];

/** A kernel as a function that leaves its arguments as they are, and gives what the evaluator leaves in all buffers. */
export function evaluated(kernel: Kernel): KernelFunction {
  return (memories, scalars = []) => {
    const copies = memories.map(({ dtype, data }) => new Memory(dtype, data.slice()));
    evaluateKernel(kernel, [{ memories: copies, scalars }]);
    return copies;
  };
}
