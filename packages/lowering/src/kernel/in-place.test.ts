import { graphOf } from "@tenon/conformance";
import { Fn } from "@tenon/ir";
import { allSamples, materialize } from "@tenon/ir/samples";
import { expect, test } from "vitest";
import { addIndex, constantIndex, indexVariable, scaleIndex, subtractIndex } from "../index-expression.ts";
import type { Index, IndexVariable } from "../index-node.ts";
import { atMost, lessThan } from "../index-predicate.ts";
import { claimsAll, programOf } from "../lower/lower.test-kit.ts";
import { loadParts } from "../parts.ts";
import { evaluateKernel, type KernelInstance } from "./evaluate.test-kit.ts";
import { Memory } from "./evaluate-memory.test-kit.ts";
import { evaluateProgram } from "./evaluate-program.test-kit.ts";
import { inPlacePairs } from "./in-place.ts";
import type { Kernel, Slot, Value } from "./kernel.ts";
import { KernelWriter } from "./writer.ts";

await loadParts();

interface Example {
  readonly w: KernelWriter;
  readonly x: Slot;
  readonly y: Slot;
  /** A loop over this many, with a new variable. */
  readonly over: (size: number, role: "parallel" | "serial" | "reduce", body: (i: Index) => void) => void;
  readonly one: Value;
}

function kernelOf(write: (example: Example) => void): Kernel {
  const w = new KernelWriter();
  const [x, y] = [w.slot("float32", "read"), w.slot("float32", "write")];
  const over: Example["over"] = (size, role, body) => {
    const i = w.axis("i", size);
    w.loop(i, size, role, () => body(i));
  };
  write({ w, x, y, over, one: w.constant("float32", 1) });
  return { kind: "loops", name: "example", slots: w.slots, scalars: [], body: w.statements };
}

const at = (i: Index, j: Index): Index => addIndex(scaleIndex(5, i), j);

const allowed: readonly (readonly [string, Kernel])[] = [
  [
    "what each iteration reads where it writes",
    kernelOf(({ w, x, y, over, one }) => {
      over(4, "parallel", (i) =>
        over(5, "parallel", (j) => w.store(y, at(i, j), w.alu("add", [w.load(x, at(i, j)), one]))),
      );
    }),
  ],
  [
    "a row that is read before it is written",
    kernelOf(({ w, x, y, over }) => {
      over(4, "parallel", (i) => {
        const sum = w.register("float32", "add");
        over(5, "reduce", (j) => w.update(sum, w.load(x, at(i, j))));
        over(5, "parallel", (j) => w.store(y, at(i, j), w.alu("sub", [w.load(x, at(i, j)), w.read(sum)])));
      });
    }),
  ],
  [
    "elements that one mask admits",
    kernelOf(({ w, x, y, over }) => {
      over(9, "parallel", (i) => {
        const inside = lessThan(i, 7);
        w.store(y, i, w.load(x, i, inside), inside);
      });
    }),
  ],
];

const refused: readonly (readonly [string, Kernel])[] = [
  [
    "what another iteration writes",
    kernelOf(({ w, x, y, over }) => {
      over(20, "parallel", (i) => w.store(y, i, w.load(x, subtractIndex(19, i))));
    }),
  ],
  [
    "one element that all read",
    kernelOf(({ w, x, y, over }) => {
      over(4, "parallel", (i) => w.store(y, i, w.alu("add", [w.load(x, i), w.load(x, constantIndex(2))])));
    }),
  ],
  [
    "a read that follows the write",
    kernelOf(({ w, x, y, over, one }) => {
      const z = w.slot("float32", "write");
      over(4, "parallel", (i) => {
        w.store(y, i, one);
        w.store(z, i, w.load(x, i));
      });
    }),
  ],
  [
    "a row that is read again after it is written",
    kernelOf(({ w, x, y, over, one }) => {
      const z = w.slot("float32", "write");
      over(4, "parallel", (i) => {
        over(5, "parallel", (j) => w.store(y, at(i, j), one));
        over(5, "parallel", (j) => w.store(z, at(i, j), w.load(x, at(i, j))));
      });
    }),
  ],
  [
    "other rows than the one that is written",
    kernelOf(({ w, x, y, over }) => {
      over(4, "parallel", (i) => {
        const sum = w.register("float32", "add");
        over(5, "reduce", (j) => w.update(sum, w.load(x, addIndex(i, scaleIndex(4, j)))));
        over(5, "parallel", (j) => w.store(y, at(i, j), w.read(sum)));
      });
    }),
  ],
  [
    "more of the row than is written",
    kernelOf(({ w, x, y, over }) => {
      over(3, "parallel", (i) => {
        const sum = w.register("float32", "add");
        over(6, "reduce", (j) => w.update(sum, w.load(x, at(i, j))));
        over(5, "parallel", (j) => w.store(y, at(i, j), w.read(sum)));
      });
    }),
  ],
  [
    "a sum over everything before anything is written, which threads may compute each for itself",
    kernelOf(({ w, x, y, over }) => {
      const sum = w.register("float32", "add");
      over(20, "reduce", (i) => w.update(sum, w.load(x, i)));
      over(20, "parallel", (i) => w.store(y, i, w.read(sum)));
    }),
  ],
  [
    "elements that are read where another iteration writes them",
    kernelOf(({ w, x, y, over }) => {
      over(9, "parallel", (i) => {
        const inside = atMost(i, 4);
        w.store(y, addIndex(i, 1), w.load(x, addIndex(i, 1)), inside);
        w.store(w.slot("float32", "write"), i, w.load(x, i));
      });
    }),
  ],
  [
    "elements beyond the mask, which nobody or somebody else writes",
    kernelOf(({ w, x, y, over }) => {
      over(9, "parallel", (i) => w.store(y, i, w.load(x, i), atMost(i, 4)));
    }),
  ],
  [
    "what the trips of a serial loop write in turn",
    kernelOf(({ w, x, y, over, one }) => {
      over(3, "serial", () => over(1, "parallel", (j) => w.store(y, j, w.alu("add", [w.load(x, j), one]))));
    }),
  ],
  [
    "elements of another length",
    kernelOf(({ w, y, over }) => {
      const bytes = w.slot("int8", "read");
      over(4, "parallel", (i) => w.store(y, i, w.alu("convert", [w.load(bytes, i)], "float32")));
    }),
  ],
];

test.each(allowed)("shares: %s", (_, kernel) => {
  expect(inPlacePairs(kernel)).toEqual([[0, 1]]);
});

test.each(refused)("keeps apart: %s", (_, kernel) => {
  expect(inPlacePairs(kernel).filter(([read, written]) => read === 0 && written === 1)).toEqual([]);
  expect(inPlacePairs(kernel).filter(([read]) => kernel.slots[read]!.dtype === "int8")).toEqual([]);
});

test.each(allowed)("what is shared computes the same: %s", (_, kernel) => {
  const data = Float64Array.from({ length: 20 }, (_, i) => i + 1);
  const [x, y] = [new Memory("float32", data), Memory.poisoned("float32", 20)];
  evaluateKernel(kernel, [{ memories: [x, y] }]);
  const shared = new Memory("float32", data.slice());
  evaluateKernel(kernel, [{ memories: [shared, shared] }]);
  y.data.forEach((value, i) => {
    if (!Number.isNaN(value)) expect(shared.data[i]).toBe(value);
  });
});

test("an epilogue may read where it writes, but not what is multiplied", () => {
  const axis = (name: string, size: number) => indexVariable(name, 0, size - 1) as IndexVariable;
  const [batch, row, column, k] = [axis("b", 2), axis("m", 4), axis("n", 5), axis("k", 5)];
  const [left, right, w] = [new KernelWriter(), new KernelWriter(), new KernelWriter()];
  const [x, weights, out] = [w.slot("float32", "read"), w.slot("float32", "read"), w.slot("float32", "write")];
  const residual = w.slot("float32", "read");
  const product = w.given("float32");
  const here = at(row, column);
  w.store(out, here, w.alu("add", [w.alu("add", [product, w.load(x, here)]), w.load(residual, here)]));
  const c = constantIndex;
  const kernel: Kernel = {
    ...{
      kind: "dot",
      name: "product",
      slots: w.slots,
      scalars: [],
      batch,
      row,
      column,
      k,
      type: "float32",
      dtype: "float32",
      mul: "same",
      product,
    },
    sizes: { batch: c(1), rows: c(4), columns: c(5), k: c(5) },
    a: { block: left.block(left.load(x, at(row, k))), lies: undefined },
    b: { block: right.block(right.load(weights, at(k, column))), lies: undefined },
    epilogue: w.statements,
    columnSums: [],
  };
  expect(inPlacePairs(kernel)).toEqual([[3, 2]]);
});

/** Runs an instance as it is and with each pair of slots in one memory, and compares; gives the number of pairs. */
function shareEach(kernel: Kernel, { memories, scalars = [] }: KernelInstance): number {
  const copies = (): Memory[] => {
    const own = new Map(memories.map((m) => [m, new Memory(m.dtype, m.data.slice())]));
    return memories.map((m) => own.get(m)!);
  };
  let count = 0;
  for (const [r, w] of inPlacePairs(kernel)) {
    const [from, to] = [memories[r]!, memories[w]!];
    const once = memories.every((m, i) => i === r || m !== from);
    if (from.dtype !== to.dtype || from.data.length !== to.data.length || !once) continue;
    const [apart, shared] = [copies(), copies()];
    apart[w] = Memory.poisoned(to.dtype, to.data.length);
    const untouched = apart[w].data.slice();
    shared[w] = shared[r]!;
    for (const list of [apart, shared]) evaluateKernel(kernel, [{ memories: list, scalars }]);
    apart[w].data.forEach((x, i) => {
      if (!Object.is(x, untouched[i]) && !Object.is(x, shared[w]!.data[i]))
        throw new Error(`in place, element ${i} of ${kernel.slots[w]!.name} is ${shared[w]!.data[i]}, not ${x}`);
    });
    count++;
  }
  return count;
}

test("what may share memory in kernels of samples computes the same in one memory", () => {
  let count = 0;
  for (const sample of allSamples()) {
    const { inputs, results, args } = graphOf(materialize(sample), sample.record);
    const templates = new Set(["dot", "column sums", "sort"]);
    for (const claims of [undefined, claimsAll])
      evaluateProgram(programOf(new Fn("main", inputs, results), { templates, claims }), args, (kernel, instance) => {
        count += shareEach(kernel, instance);
      });
  }
  expect(count).toBeGreaterThan(100);
});
