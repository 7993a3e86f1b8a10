import {
  type AluOp,
  addIndex,
  equalIndex,
  type Index,
  type IndexVariable,
  indexVariable,
  type KernelWriter,
  type LoopKernel,
  lessThan,
  modIndex,
  multiplyIndex,
  type Slot,
  type Value,
} from "@tenon/lowering";
import { expect, test } from "vitest";
import type { Memory } from "../../../lowering/src/kernel/evaluate-memory.test-kit.ts";
import { evaluated, kernelOf, memoryOf, rendered, ways, wayText } from "./run.test-kit.ts";

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
class Draw {
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
function randomKernel(draw: Draw): LoopKernel {
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

const contents = ({ dtype, access }: Slot, count: number, seed: number): Memory =>
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

test("random kernels compute what the evaluator computes", () => {
  for (let seed = 1; seed <= 80; seed++) {
    const kernel = randomKernel(new Draw(seed));
    const run = ways.map((way) => [way, rendered(kernel, way)] as const);
    for (const scalars of [
      [33, 3],
      [5, 17],
      [4, 1],
    ] as const) {
      const [n, r] = scalars;
      const memories = kernel.slots.map((slot, k) => contents(slot, Math.max(2 * n, 2 * r, n * r, 3), k));
      const expected = evaluated(kernel)(memories, scalars);
      for (const [way, f] of run) {
        const actual = f(memories, scalars);
        for (const [k, { data }] of actual.entries())
          expect([...data], `seed ${seed}, ${scalars}, ${wayText(way)}, buffer ${k}`).toEqual([...expected[k]!.data]);
      }
    }
  }
});
