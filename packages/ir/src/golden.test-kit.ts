import { bindDims, entrySignature } from "@tenon/backend";
import { Programs, run } from "@tenon/interpreter";
import { parseSafetensors, type SafetensorsDType, serializeSafetensors } from "@tenon/safetensors";
import { canonicalModule } from "./canonical.ts";
import { sampleFn } from "./forms.test-kit.ts";
import {
  add,
  buildModule,
  composite,
  constant,
  type DType,
  decodeElements,
  dimAdd,
  dimFloorDiv,
  dimMax,
  dimMin,
  dimMul,
  dimSymbol,
  dtypeNames,
  dtypeOfShort,
  dtypes,
  type Elements,
  encodeElements,
  Fn,
  input,
  lookupOp,
  type Module,
  mul,
  opaque,
  reverse,
  type StateRow,
  spec,
  sum,
  type Tensor,
  trace,
  type WeightRow,
} from "./index.ts";
import { allSamples, materialize, type Sample } from "./samples.ts";

/** The samples that a golden module is made of: of each op, the first for every dtype of its first operand. */
export function goldenSamples(): readonly Sample[] {
  const seen = new Set<string>();
  return allSamples().filter(({ name, operands }) => {
    const key = `${name} ${operands[0]?.dtype}`;
    return !seen.has(key) && seen.add(key);
  });
}

/** A module with every op, dtype and default of an attribute, and every part that a module has. */
export function goldenModule(): Module {
  const samples = goldenSamples().map((sample) => [`${sample.name}/${sample.index}`, sampleFn(sample)] as const);
  const everyDType = dtypeNames.map((dtype) => [`dtype/${dtype}`, dtypeFn(dtype)] as const);
  const { fn, weights, state } = everyPart();
  const foreign = trace(
    (x) => opaque({ target: "golden.nowhere", version: 1, attrs: { a: 1 }, types: [spec([2])] }, [x]),
    [spec([2])],
  ).fn;
  const entries = { ...Object.fromEntries([...samples, ...everyDType]), parts: fn, opaque: foreign };
  return canonicalModule(buildModule({ entries, weights, state }));
}

/** A tensor of the dtype, and constants of both kinds. */
function dtypeFn(dtype: DType): Fn {
  const body = (x: Tensor): Tensor[] => [reverse(x), constant(1, [2], dtype), constant([0, 1], [2], dtype)];
  return trace(body, [spec([3], dtype)]).fn;
}

/** Symbolic sizes, an embedded composite with its derivative and every kind of attribute, weights, state, an alias. */
function everyPart(): { readonly fn: Fn; readonly weights: readonly WeightRow[]; readonly state: readonly StateRow[] } {
  const [rows, columns] = [dimSymbol("R", { min: 2, max: 64, multiple: 2 }), dimSymbol("C", { max: 512 })];
  const matrix = { dtype: "float32", shape: [rows, columns] } as const;
  const [x, w] = [input(matrix), input(matrix)];
  const attrs = {
    integers: [0, -1, 2 ** 53 - 1],
    numbers: [0.1, -0, NaN, Infinity, -Infinity],
    truth: [true, false],
    word: "text ☃",
    bytes: Uint8Array.of(0, 255),
    size: dimAdd(dimMul(rows, columns), 1),
    nested: { list: [{ empty: {} }, []] },
  };
  const body = (a: Tensor, b: Tensor): Tensor[] => [mul(a, b)];
  const vjp = ([a, b]: readonly Tensor[], _: readonly Tensor[], [dy]: readonly Tensor[]): Tensor[] => [
    mul(dy!, b!),
    mul(dy!, a!),
  ];
  const [y] = composite({ name: "golden.product", version: 3, attrs, vjp }, body, [x, w]);
  const sizes = [dimFloorDiv(rows, 2), dimMax(rows, columns), dimMin(rows, columns), dimAdd(dimMul(rows, columns), 1)];
  const counts = sizes.map((size) => sum(constant(1, [size])));
  const results = [add(y!, w), ...counts];
  const row = { name: "layer.weight", type: matrix, entry: "parts", input: 1 };
  return {
    fn: new Fn("parts", [x, w], results, [undefined, 0]),
    weights: [{ ...row, sha256: "0123456789abcdef".repeat(4), blob: "weights" }],
    state: [{ ...row, output: 0, role: "parameter", owner: "golden" }],
  };
}

/** What the entries of the golden module are given: the samples' elements, and small numbers. */
function goldenInputs(): ReadonlyMap<string, readonly Elements[]> {
  const counting = (dtype: DType, shape: readonly number[]): Elements => {
    const count = shape.reduce((n, d) => n * d, 1);
    return { dtype, shape, data: Float64Array.from({ length: count }, (_, i) => (dtype === "bool" ? i % 2 : i)) };
  };
  return new Map<string, readonly Elements[]>([
    ...goldenSamples().map((sample) => [`${sample.name}/${sample.index}`, materialize(sample)] as const),
    ...dtypeNames.map((dtype) => [`dtype/${dtype}`, [counting(dtype, [3])]] as const),
    ["parts", [counting("float32", [4, 3]), counting("float32", [4, 3])]],
  ]);
}

/** The results of an entry on the interpreter, rounded to their dtypes. */
export function runEntry(module: Module, entry: string, args: readonly Elements[]): readonly Elements[] {
  const bindings = bindDims(
    entrySignature(module, entry),
    args.map((x) => x.shape),
  );
  const program = new Programs(module, bindings).of(module.entries.get(entry)!);
  return run(program, args).map(({ dtype, shape, data }) => ({
    dtype,
    shape,
    data: decodeElements(dtype, encodeElements(dtype, data)),
  }));
}

/** A safetensors file with the inputs and results of every entry that the interpreter runs. */
export function goldenValues(module: Module): Uint8Array {
  const tensors = [...goldenInputs()].flatMap(([entry, args]) => [
    ...args.map((x, i) => [`${entry} input ${i}`, stored(x)] as const),
    ...runEntry(module, entry, args).map((x, i) => [`${entry} result ${i}`, stored(x)] as const),
  ]);
  return serializeSafetensors(tensors);
}

const stored = ({ dtype, shape, data }: Elements) => ({
  dtype: dtypes[dtype].short.toUpperCase() as SafetensorsDType,
  shape,
  bytes: encodeElements(dtype, data),
});

export interface GoldenRun {
  readonly entry: string;
  readonly args: readonly Elements[];
  readonly results: readonly Elements[];
}

/** The runs that such a file holds. */
export function readGoldenValues(bytes: Uint8Array, entries: Iterable<string>): readonly GoldenRun[] {
  const { tensors } = parseSafetensors(bytes);
  const list = (entry: string, part: string): Elements[] => {
    const found: Elements[] = [];
    for (let i = 0; tensors.has(`${entry} ${part} ${i}`); i++) {
      const { dtype: code, shape, bytes: content } = tensors.get(`${entry} ${part} ${i}`)!;
      const dtype = dtypeOfShort(code.toLowerCase())!;
      found.push({ dtype, shape, data: decodeElements(dtype, content) });
    }
    return found;
  };
  return [...entries]
    .map((entry) => ({ entry, args: list(entry, "input"), results: list(entry, "result") }))
    .filter(({ results }) => results.length > 0);
}

/** The ops that a module uses, by `name@version`; those that carry their decomposition are `composite`. */
export const opsOf = ({ functions }: Module): ReadonlySet<string> =>
  new Set(
    functions.flatMap(({ ops }) =>
      ops.map(({ op, version, decomp }) =>
        decomp === undefined ? `${op}@${version}` : `composite@${lookupOp("composite")!.version}`,
      ),
    ),
  );
