import type { BackendFactory, Buffer } from "@tenon/backend";
import {
  applyOp,
  BackendError,
  buildModule,
  Fn,
  randomBits,
  select,
  sizeOf,
  slice,
  sliceOp,
  splat,
  type Tensor,
} from "@tenon/ir";
import { toGraph } from "@tenon/ir/to-graph";
import { verify } from "@tenon/ir/verify";
import { describe, expect, test } from "vitest";
import { changed, miscompiling, misrunning } from "./broken-backends.test-kit.ts";
import { type ConformanceOptions, conformance } from "./conformance.ts";
import { failingFn } from "./failing.test-kit.ts";
import { type Item, items } from "./report.ts";

/** A backend with one fault, the item that must report it, and words that its report must have. */
interface Fault {
  readonly factory: () => BackendFactory;
  readonly item: Item;
  readonly says: RegExp;
  /** Only the checks of these, where all of the item's would take long. */
  readonly ops?: readonly string[];
  readonly options?: ConformanceOptions;
}

const is = (name: string, node: { readonly op: { readonly name: string } }): boolean => node.op.name === name;

const faults: Readonly<Record<string, Fault>> = {
  "addition of int32 saturates": {
    factory: () =>
      miscompiling((node, [x, y]) =>
        is("add", node) && x!.dtype === "int32"
          ? [x!.cast("float64").add(y!.cast("float64")).cast("int32")]
          : undefined,
      ),
    item: "vectors",
    says: /add · int32 · special values/,
    ops: ["add"],
  },
  "a number is less than itself": {
    factory: () =>
      miscompiling((node, [x, y]) => (is("compare", node) && x === y ? [splat(true, x!.shape, "bool")] : undefined)),
    item: "vectors",
    says: /compare · int32 · lt, an operand twice, and constants: with operand 1 the same as 0/,
    ops: ["compare"],
  },
  "maximum drops NaN": {
    factory: () => miscompiling((node, [x, y]) => (is("maximum", node) ? [select(x!.greater(y!), x!, y!)] : undefined)),
    item: "vectors",
    says: /maximum · float32 · special values/,
    ops: ["maximum"],
  },
  "slices begin one too early": {
    factory: () =>
      miscompiling((node, [x]) => {
        const { start, limit } = node.attrs as { start: number[]; limit: number[] };
        if (!is("slice", node) || start[0] === undefined || start[0] === 0) return undefined;
        const earlier = (list: readonly number[]): number[] => list.with(0, list[0]! - 1);
        return applyOp(sliceOp, [x!], { ...node.attrs, start: earlier(start), limit: earlier(limit) });
      }),
    item: "vectors",
    says: /slice · float32 · sample/,
    ops: ["slice"],
  },
  "products are made of bfloat16": {
    factory: () =>
      miscompiling((node, inputs) =>
        is("dot", node) && inputs[0]!.dtype === "float32"
          ? reapply(
              node,
              inputs.map((t) => t.cast("bfloat16").cast("float32")),
            )
          : undefined,
      ),
    item: "vectors",
    says: /dot · float32 · sample/,
    ops: ["dot"],
  },
  "transposed operands are read as they lie": {
    factory: () =>
      miscompiling((node, [x]) =>
        is("reduce", node) && is("transpose", x!) ? reapply(node, [x!.inputs[0]!.reshape(x!.shape)]) : undefined,
      ),
    item: "vectors",
    says: /reduce · float32 · sample \d+, operands transposed/,
    ops: ["reduce"],
  },
  "exp is good to a few thousandths": {
    factory: () =>
      miscompiling((node, inputs) => (is("exp", node) ? reapply(node, inputs).map((y) => y.mul(1.0001)) : undefined)),
    item: "vectors",
    says: /exp · float32/,
    ops: ["exp"],
  },
  "float16 is said to be missing, and compiled": {
    factory: () =>
      changed((backend) => {
        const { float16, ...dtypes } = backend.caps.dtypes;
        return float16 === undefined ? {} : { caps: { ...backend.caps, dtypes } };
      }),
    item: "vectors",
    says: /capabilities exclude what was compiled/,
    ops: ["transpose"],
  },
  "float32 is said to be missing": {
    factory: () =>
      changed((backend) => {
        const { float32, ...dtypes } = backend.caps.dtypes;
        return float32 === undefined ? {} : { caps: { ...backend.caps, dtypes } };
      }),
    item: "vectors",
    says: /every backend has to run this/,
    ops: ["transpose"],
  },
  "what is fused is wrong": {
    factory: () =>
      miscompiling((node, [x], { fusion }) =>
        fusion === "on" && is("tanh", node) && !isLeafTensor(x!) ? [x!] : undefined,
      ),
    item: "metamorphic",
    says: /fused and unfused/,
    ops: ["a chain of scalars"],
  },
  "programs for a frequent size serve every size": {
    factory: () =>
      misrunning(
        (_backend, run, { signature }) =>
          (args, o = {}) =>
            run(args, o).map((y) => {
              if (signature.symbols.length > 0 && o.dims?.B === 33) spoil(_backend, y);
              return y;
            }),
      ),
    item: "metamorphic",
    says: /symbolic, B = 33/,
    ops: ["attention over a batch"],
  },
  "softmax is another than its decomposition": {
    factory: () => miscompiling((node, inputs) => (is("nn.softmax", node) ? [inputs[0]!.exp()] : undefined)),
    item: "metamorphic",
    says: /nn.softmax · float32 · sample \d+, decomposed/,
    ops: ["nn.softmax"],
  },
  "a gather that adds up keeps the last": {
    factory: () =>
      miscompiling((node, inputs) =>
        is("scatter", node) && node.attrs.mode === "add"
          ? applyOp(node.op, inputs, { ...node.attrs, mode: "set" })
          : undefined,
      ),
    item: "gradients",
    says: /gather|embedding/,
  },
  "the counter of random bits begins at one": {
    factory: () =>
      miscompiling((node, [key]) => {
        if (!is("rng.bits", node)) return undefined;
        const { shape } = node.results[0]!;
        const count = sizeOf(shape) as number;
        return [slice(randomBits(key!, [count + 1]), { start: [1] }).reshape(shape)];
      }),
    item: "random-numbers",
    says: /published first word/,
    ops: ["rng.bits"],
  },
  "sums depend on what ran before": {
    factory: () => {
      let runs = 0;
      return misrunning(
        (backend, run) => (args, o) =>
          run(args, o).map((y) => {
            if (runs++ % 3 === 2 && y.bytes > 0) nudge(backend, y);
            return y;
          }),
      );
    },
    item: "random-numbers",
    says: /the same bits in every run/,
    ops: ["attention over a batch"],
  },
  "aliases are not honoured": {
    factory: () =>
      misrunning(
        (backend, run) => (args, o) =>
          run(args, o).map((y) => {
            if (!args.includes(y)) return y;
            const copy = backend.alloc(y.bytes);
            backend.copy(y, copy);
            return copy;
          }),
      ),
    item: "memory",
    says: /is not the buffer of input/,
    ops: ["alias"],
  },
  "results are written before all is read": {
    factory: () =>
      changed((backend) => ({
        async compile(module, entry, options) {
          const whole = await backend.compile(module, entry, options);
          const fn = toGraph(module, module.entries.get(entry)!);
          const single = await Promise.all(
            fn.results.map((y) => {
              const one = verify(buildModule({ entries: { [entry]: new Fn("fn", fn.inputs, [y]) } }));
              return backend.compile(one, entry, options);
            }),
          );
          return {
            signature: whole.signature,
            plan: whole.plan,
            run(args, o = {}) {
              return single.map((program, i) => {
                const [y] = program.run(args, { ...(o.dims && { dims: o.dims }) });
                const donor = fn.aliases.indexOf(i);
                const target = donor >= 0 ? args[donor]! : o.results?.[i];
                if (target === undefined) return y!;
                backend.copy(y!, target);
                y!.release();
                return target;
              });
            },
            dispose: () => whole.dispose(),
          };
        },
      })),
    item: "memory",
    says: /two updates of each other/,
    ops: ["alias"],
  },
  "every run leaves a buffer behind": {
    factory: () =>
      misrunning((backend, run) => (args, o) => {
        backend.alloc(16);
        return run(args, o);
      }),
    item: "memory",
    says: /1,000 steps leave what was there before/,
    ops: ["run"],
  },
  "indices out of range are clamped": {
    factory: () =>
      miscompiling((node, [x, i]) =>
        is("gather", node)
          ? reapply(node, [x!, i!.maximum(0).minimum((x!.shape[node.attrs.axis as number] as number) - 1)])
          : undefined,
      ),
    item: "memory",
    says: /gather · float32 · indices out of range/,
    ops: ["gather"],
  },
  "stores run over the end": {
    factory: () => {
      const following = new Map<Buffer, Buffer>();
      return changed((backend) => ({
        allocGroup(bytes, role) {
          const group = backend.allocGroup(bytes, role);
          group.forEach((buffer, i) => {
            if (i > 0) following.set(group[i - 1]!, buffer);
          });
          return group;
        },
        async compile(module, entry, options) {
          const executable = await backend.compile(module, entry, options);
          return {
            ...{ signature: executable.signature, plan: executable.plan },
            run(args, o) {
              const results = executable.run(args, o);
              for (const y of results) {
                const next = following.get(y);
                if (next !== undefined && y.bytes % 16 > 0) backend.write(next, Uint8Array.of(0));
              }
              return results;
            },
            dispose: () => executable.dispose(),
          };
        },
      }));
    },
    item: "memory",
    says: /of the 64 after result 0 was overwritten/,
    ops: ["neg"],
  },
  "zeros are taken for granted": {
    factory: () =>
      misrunning((backend, run) => (args, o = {}) => {
        const before = o.results?.map((y) => y && backend.readSync!(y));
        const results = run(args, o);
        results.forEach((y, i) => {
          const old = before?.[i];
          if (old === undefined) return;
          const now = backend.readSync!(y);
          backend.write(
            y,
            now.map((byte, j) => (byte === 0 ? old[j]! : byte)),
          );
        });
        return results;
      }),
    item: "memory",
    says: /fold · float32 · sample \d+, between sentinels, in poisoned memory/,
    ops: ["fold"],
  },
  "inputs are scratch memory": {
    factory: () =>
      misrunning((backend, run) => (args, o) => {
        const results = run(args, o);
        const free = args.find((x) => x.bytes > 0 && !results.includes(x));
        if (free !== undefined) backend.write(free, Uint8Array.of(99));
        return results;
      }),
    item: "memory",
    says: /input \d was changed by the run/,
    ops: ["neg"],
  },
  "a read gives what was read before": {
    factory: () => {
      const seen = new Map<Buffer, Promise<Uint8Array>>();
      return changed((backend) => ({
        read(buffer, at, bytes) {
          if (at !== undefined) return backend.read(buffer, at, bytes);
          const known = seen.get(buffer) ?? backend.read(buffer);
          seen.set(buffer, known);
          return known;
        },
      }));
    },
    item: "ordering",
    says: /read anew after a run/,
  },
  "a read comes before the run": {
    factory: () =>
      misrunning((_backend, run) => (args, o = {}) => {
        const results = o.results?.every((y) => y !== undefined) ? (o.results as readonly Buffer[]) : undefined;
        if (results === undefined) return run(args, o);
        Promise.resolve()
          .then(() => run(args, o))
          .catch(() => undefined); // the backend may be closed by then
        return results;
      }),
    item: "ordering",
    says: /read anew after a run/,
  },
  "a read of a released buffer never comes back": {
    factory: () => {
      const gone = new Set<Buffer>();
      return changed((backend) => ({
        alloc(bytes) {
          const buffer = backend.alloc(bytes);
          const release = buffer.release.bind(buffer);
          buffer.release = () => {
            gone.add(buffer);
            release();
          };
          return buffer;
        },
        read: (buffer, at, bytes) => (gone.has(buffer) ? new Promise(() => {}) : backend.read(buffer, at, bytes)),
      }));
    },
    item: "ordering",
    says: /there is no answer after 500 ms/,
    options: { timeoutMs: 500 },
  },
  "closing fails": {
    factory: () => changed(() => ({ close: () => Promise.reject(new Error("the device hangs")) })),
    item: "ordering",
    says: /close · none · after all checks: Error: the device hangs/,
  },
  "disposing of a program stops its runs": {
    factory: () =>
      changed((backend) => ({
        async compile(module, entry, options) {
          const executable = await backend.compile(module, entry, options);
          let last: readonly Buffer[] = [];
          return {
            ...{ signature: executable.signature, plan: executable.plan },
            run(args, o) {
              last = executable.run(args, o);
              return last;
            },
            dispose() {
              for (const y of last) spoil(backend, y);
              executable.dispose();
            },
          };
        },
      })),
    item: "ordering",
    says: /may be disposed of/,
  },
  "errors of runs are swallowed": {
    factory: () => changed(() => ({ sync: async () => {} })),
    item: "ordering",
    says: /sync does not tell/,
    options: { failing: failingFn },
  },
  "errors of runs are thrown at once": {
    factory: () =>
      misrunning((backend, run) => (args, o) => {
        const results = run(args, o);
        for (const y of results) backend.readSync!(y);
        return results;
      }),
    item: "ordering",
    says: /no memory for that/,
    options: { failing: failingFn },
  },
  "the memory budget is no limit": {
    factory: () =>
      changed((backend) => ({
        compile: (module, entry, { memoryBudget, ...options } = {}) =>
          backend.compile(module, entry, memoryBudget === undefined ? options : {}),
      })),
    item: "refusal",
    says: /there is no error where E539 is wanted/,
  },
  "an unknown entry has another code": {
    factory: () =>
      changed((backend) => ({
        async compile(module, entry, options) {
          if (!module.entries.has(entry)) throw new BackendError("E541", "compile", "no such entry");
          return backend.compile(module, entry, options);
        },
      })),
    item: "refusal",
    says: /should have code E506/,
  },
  "buffers of any size are taken": {
    factory: () =>
      misrunning(
        (backend, run, { signature }) =>
          (args, o) =>
            run(
              args.map((x) => {
                const wanted = signature.inputs[0]!.type.shape[0] === 3 ? 12 : x.bytes;
                return x.bytes === wanted ? x : backend.alloc(wanted);
              }),
              o,
            ),
      ),
    item: "refusal",
    says: /a buffer that is too small: E531/,
  },
  "square roots are a ten-thousandth too large": {
    factory: () =>
      miscompiling((node, inputs) => (is("sqrt", node) ? reapply(node, inputs).map((y) => y.mul(1.0001)) : undefined)),
    item: "training",
    says: /the loss of step \d+ is [\d.]+, not [\d.]+ ± /,
  },
  "a refusal spoils what follows": {
    factory: () =>
      changed((backend) => {
        let refused = false;
        return {
          async compile(module, entry, options) {
            if (refused) throw new BackendError("E541", "compile", "the device is lost");
            try {
              return await backend.compile(module, entry, options);
            } catch (error) {
              refused = true;
              throw error;
            }
          },
        };
      }),
    item: "refusal",
    says: /the device is lost/,
  },
  "magnitudes of computed values are lost": {
    factory: () => miscompiling((node, [x]) => (is("abs", node) && !isLeafTensor(x!) ? [x!] : undefined)),
    item: "random-graphs",
    says: /= abs %/,
  },
};

const isLeafTensor = (t: Tensor): boolean => t.op.kind === "leaf";
const reapply = (node: { readonly op: Tensor["op"]; readonly attrs: Tensor["attrs"] }, inputs: readonly Tensor[]) =>
  applyOp(node.op, inputs, node.attrs);

function spoil(backend: { write(to: Buffer, data: Uint8Array): void }, buffer: Buffer): void {
  if (buffer.bytes > 0) backend.write(buffer, new Uint8Array(buffer.bytes).fill(1));
}

function nudge(
  backend: { readSync?(from: Buffer): Uint8Array; write(to: Buffer, data: Uint8Array): void },
  buffer: Buffer,
): void {
  const bytes = backend.readSync!(buffer);
  bytes[0] = bytes[0]! ^ 1;
  backend.write(buffer, bytes);
}

describe("is reported by its item:", () => {
  test.each(Object.entries(faults))("%s", async (_title, { factory, item, says, ops, options }) => {
    const report = await conformance(factory(), { profile: "quick", only: [item], ...(ops && { ops }), ...options });
    const found = report.failures.map(({ op, dtype, case: title, detail }) => `${op} · ${dtype} · ${title}: ${detail}`);
    expect(found.join("\n")).toMatch(says);
  });
});

test("every item has a fault that it reports", () => {
  expect(new Set(Object.values(faults).map(({ item }) => item))).toEqual(new Set(items));
});
