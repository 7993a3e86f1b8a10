import { type DType, roundToDType } from "@tenon/ir";
import {
  addIndex,
  constantIndex,
  type Index,
  type IndexVariable,
  indexVariable,
  KernelWriter,
  multiplyIndex,
  type SortKernel,
} from "@tenon/lowering";
import { expect, test } from "vitest";
import { evaluateKernel } from "../../../lowering/src/kernel/evaluate.test-kit.ts";
import { Memory } from "../../../lowering/src/kernel/evaluate-memory.test-kit.ts";
import { importMath } from "../render/index.ts";
import { renderSort, sortParts, sortScratchBytes } from "./sort.ts";
import { buffer, runTemplate } from "./template.test-kit.ts";

const MOST = 2000;

/** Lines of keys, the places that they come from, and a payload that is computed. */
function sortOf(dtype: DType, lines: number, size: number, descending: boolean, symbolic: boolean) {
  const extent = (name: string, n: number): Index => (symbolic ? indexVariable(name, 0, MOST) : constantIndex(n));
  const [lineCount, length] = [extent("L", lines), extent("S", size)];
  const axis = (name: string, n: number) =>
    indexVariable(name, 0, symbolic ? MOST : Math.max(1, n - 1)) as IndexVariable;
  const [line, place] = [axis("l", lines), axis("p", size)];
  const at = addIndex(multiplyIndex(line, length), place);
  const writers = [new KernelWriter(), new KernelWriter(), new KernelWriter()] as const;
  const [w, v, u] = writers;
  const [keys, floats] = [w.slot(dtype, "read"), v.slot("float32", "read")];
  const payload = v.alu("mul", [v.load(floats, at), v.constant("float32", 3)]);
  const columns = [
    { block: w.block(w.load(keys, at)), slot: w.slot(dtype, "write"), address: at },
    { block: v.block(payload), slot: v.slot("float32", "write"), address: at },
    {
      block: u.block(u.index(place)),
      slot: u.slot("int32", "write"),
      address: addIndex(multiplyIndex(place, lineCount), line),
    },
  ];
  const kernel: SortKernel = {
    ...{ kind: "sort", name: "sort", line, place, lines: lineCount, size: length, descending, columns },
    slots: [keys, floats, ...columns.map(({ slot }) => slot)],
    scalars: symbolic ? [lineCount as IndexVariable, length as IndexVariable] : [],
  };
  return { kernel, scalars: symbolic ? [lines, size] : [] };
}

const special = [NaN, 0, -0, Infinity, -Infinity, 1e-40, -1e-40];

test.each(["float32", "float64", "int32", "uint32", "int8", "uint8", "bool", "float16", "bfloat16"] as const)(
  "lines of %s are sorted stably, both ways, and payloads follow",
  (dtype) => {
    const float = dtype.includes("float");
    for (const [lines, size] of [[1, 0], [0, 3], [2, 1], [3, 2], [1, 3], [4, 17], [2, 100]] as const) // biome-ignore format: a list
      for (const descending of [false, true]) {
        const count = lines * size;
        const keys = buffer(dtype, count, 5).data;
        if (float) special.forEach((x, i) => void (3 * i + 1 < count && (keys[3 * i + 1] = roundToDType(dtype, x))));
        const extremes =
          dtype === "uint32" ? [2 ** 32 - 1, 2 ** 31] : dtype === "int32" ? [2 ** 31 - 1, -(2 ** 31)] : [];
        extremes.forEach((x, i) => void (5 * i + 1 < count && (keys[5 * i + 1] = x)));
        const { kernel, scalars } = sortOf(dtype, lines, size, descending, size % 2 === 1);
        const memories = (): Memory[] => [
          new Memory(dtype, keys.slice()),
          buffer("float32", count, 6),
          buffer(dtype, count),
          buffer("float32", count),
          buffer("int32", count),
        ];
        const expected = memories();
        evaluateKernel(kernel, [{ memories: expected, scalars }]);
        const actual = runTemplate(
          kernel,
          (m) => ({
            func: renderSort(m, kernel, { relaxed: false, math: importMath(m) }),
            scratchBytes: sortScratchBytes(kernel),
            parts: sortParts(kernel),
          }),
          memories(),
          scalars,
          lines > 2 ? [1] : [],
        );
        expect(actual.slice(2), `${lines} lines of ${size}`).toEqual(expected.slice(2).map(({ data }) => [...data]));
      }
  },
);
