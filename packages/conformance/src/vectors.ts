import {
  applyOp,
  type DType,
  decodeElements,
  dtypeNames,
  dtypes,
  Fn,
  isFloat,
  lookupOp,
  type OpRecord,
  reduceOp,
  roundToDType,
  splat,
  type Tensor,
  transpose,
} from "@tenon/ir";
import { allSamples, materialize, type Sample } from "@tenon/ir/samples";
import { runOn } from "./bench.ts";
import { agrees, type Check, drawOf, dtypesOf, type Kit, valuesOf } from "./check.ts";
import { expectedResults, problemsOf } from "./judge.ts";
import { isSpecified, specialValues } from "./special-values.ts";
import {
  type Graph,
  graphOf,
  producers,
  retyped,
  type ScalarCase,
  samplesByName,
  scalarCases,
  shapeClasses,
  withProducer,
} from "./vector-cases.ts";

/** Item 1: every op on its samples, every scalar on every dtype and class of shapes, every structural op on every dtype. */
export function* vectors(kit: Kit): Generator<Check> {
  for (const sample of allSamples()) yield sampleCheck(kit, sample, `sample ${sample.index}`);
  yield* scalars(kit);
  yield* structural(kit);
  if (kit.profile === "full") yield* large(kit);
}

function sampleCheck(kit: Kit, sample: Sample, title: string): Check {
  return {
    op: sample.name,
    dtype: dtypesOf(sample.operands),
    case: title,
    run: () => graphAgrees(kit, graphOf(materialize(sample), sample.record)),
  };
}

const graphAgrees = (kit: Kit, { inputs, results, args }: Graph): Promise<readonly string[]> =>
  agrees(kit, inputs, results, args);

function* scalars(kit: Kit): Generator<Check> {
  let next = 0;
  for (const scalar of scalarCases()) {
    const { op, attrs, dtypes } = scalar;
    const settings = Object.values(attrs)
      .map((value) => `${value}, `)
      .join("");
    const common = { op: op.name, dtype: dtypesOf(dtypes.map((dtype) => ({ dtype }))) };
    yield { ...common, case: `${settings}special values`, run: () => specialAgrees(kit, scalar) };
    if (op.inputs.length > 1)
      yield { ...common, case: `${settings}an operand twice, and constants`, run: () => constantsAgree(kit, scalar) };
    const shapes = kit.profile === "full" ? shapeClasses : [shapeClasses[next++ % shapeClasses.length]!];
    for (const shape of shapes) {
      const title = `${settings}shape [${shape.join(", ")}]`;
      yield { ...common, case: title, run: () => scalarAgrees(kit, scalar, shape, title) };
    }
    if (kit.profile === "full" && op.inputs.length === 1 && /^b?float16$/.test(dtypes[0]!))
      yield { ...common, case: `${settings}all 65,536 patterns`, run: () => everyPattern(kit, scalar) };
  }
}

/** All combinations of the special values of some dtypes. */
const combinations = (dtypes: readonly DType[]): readonly (readonly number[])[] =>
  dtypes
    .map(specialValues)
    .reduce<readonly (readonly number[])[]>(
      (before, list) => before.flatMap((row) => list.map((x) => [...row, x])),
      [[]],
    );

/** Operands that range over all combinations of the special values of their dtypes. */
const specialAgrees = (kit: Kit, { op, attrs, dtypes }: ScalarCase): Promise<readonly string[]> =>
  rowsAgree(kit, op, dtypes, [{ name: "", of: (xs) => applyOp(op, xs, attrs)[0]!, row: (row) => row }]);

/** Numbers at which algebra has something to say. */
const telling: Readonly<Record<(typeof dtypes)[DType]["kind"], readonly number[]>> = {
  bool: [0, 1],
  unsigned: [0, 1, 2],
  signed: [0, 1, 2, -1],
  float: [0, -0, 1, -1, 2, 3, 0.5, Infinity],
};

/** The op on one tensor twice, and on constants in every place: what a compiler may find a shorter way for. */
function constantsAgree(kit: Kit, { op, attrs, dtypes: given }: ScalarCase): Promise<readonly string[]> {
  const variants = given.flatMap((dtype, i): readonly Variant[] => [
    ...telling[dtypes[dtype].kind].map((value) => ({
      name: `with operand ${i} the constant ${Object.is(value, -0) ? "-0" : value}, `,
      of: (xs: readonly Tensor[]) => applyOp(op, xs.with(i, splat(value, xs[i]!.shape, dtype)), attrs)[0]!,
      row: (row: readonly number[]) => row.with(i, value),
    })),
    ...given.flatMap((other, j) =>
      j <= i || other !== dtype
        ? []
        : [
            {
              name: `with operand ${j} the same as ${i}, `,
              of: (xs: readonly Tensor[]) => applyOp(op, xs.with(j, xs[i]!), attrs)[0]!,
              row: (row: readonly number[]) => row.with(j, row[i]!),
            },
          ],
    ),
  ]);
  return rowsAgree(kit, op, given, variants);
}

/** A use of an op, and which operands it has where the inputs are those of a row. */
interface Variant {
  readonly name: string;
  readonly of: (xs: readonly Tensor[]) => Tensor;
  readonly row: (row: readonly number[]) => readonly number[];
}

/** What the uses of an op may compute in one check; of more, every so many are left out. */
const MOST_ELEMENTS = 20_000;

/** Problems of uses of an op on special values, but for operands on which it is not specified. */
async function rowsAgree(
  kit: Kit,
  op: OpRecord,
  given: readonly DType[],
  variants: readonly Variant[],
): Promise<readonly string[]> {
  const all = combinations(given);
  const step = Math.ceil((all.length * variants.length) / MOST_ELEMENTS);
  const rows = all.filter((_, i) => i % step === 0);
  const args = given.map((dtype, i) => ({
    dtype,
    shape: [rows.length],
    data: Float64Array.from(rows, (row) => roundToDType(dtype, row[i]!)),
  }));
  const { inputs, results } = graphOf(args, (xs) => variants.map(({ of }) => of(xs)));
  const actual = await runOn(kit.backend, new Fn("fn", inputs, results), args);
  const expected = expectedResults(results, valuesOf(inputs, args), kit.evaluate, kit.level);
  return variants.flatMap(({ name, row }, v) => {
    rows.forEach((operands, i) => {
      if (!isSpecified(op.name, given.at(-1)!, row(operands))) expected[v]!.allowed[i] = Infinity;
    });
    return problemsOf([expected[v]!], [actual[v]!]).map((problem) => {
      const at = Number(/ at (\d+) /.exec(problem)?.[1]);
      return Number.isNaN(at) ? problem : `${name}${problem}; operands ${row(rows[at]!).join(", ")}`;
    });
  });
}

function scalarAgrees(
  kit: Kit,
  { op, attrs, dtypes }: ScalarCase,
  shape: readonly number[],
  name: string,
): Promise<readonly string[]> {
  const draw = drawOf(kit, `${op.name} ${dtypes} ${name}`);
  const args = dtypes.map((dtype) => draw.elements({ dtype, shape }));
  // an integer divided by zero is unspecified, so no divisor is
  const safe = args.map((x, i) =>
    isFloat(x.dtype) || i === 0 ? x : { ...x, data: x.data.map((n) => (n === 0 ? 1 : n)) },
  );
  return graphAgrees(
    kit,
    graphOf(safe, (xs) => applyOp(op, xs, attrs)),
  );
}

function everyPattern(kit: Kit, { op, attrs, dtypes: [dtype] }: ScalarCase): Promise<readonly string[]> {
  const bytes = new Uint8Array(Uint16Array.from({ length: 65_536 }, (_, i) => i).buffer);
  const x = { dtype: dtype!, shape: [65_536], data: decodeElements(dtype!, bytes) };
  return graphAgrees(
    kit,
    graphOf([x], (xs) => applyOp(op, xs, attrs)),
  );
}

/** Samples of an op that are tried with operands of every dtype, and behind other ops, in the quick profile. */
const QUICK_SAMPLES = 2;

function* structural(kit: Kit): Generator<Check> {
  for (const [name, samples] of samplesByName()) {
    const op: OpRecord | undefined = lookupOp(name);
    const filled = samples.filter(({ operands }) =>
      operands.some(({ dtype, shape }) => dtype === "float32" && shape.some((n) => n > 1)),
    );
    const chosen = kit.profile === "full" ? filled : filled.slice(0, QUICK_SAMPLES);
    for (const sample of chosen) yield* behindProducers(kit, sample);
    if (op?.kind === "scalar") continue;
    for (const sample of kit.profile === "full" ? filled : filled.slice(0, 1)) {
      for (const dtype of dtypeNames) {
        if (dtype === "float32") continue;
        const other = retyped(sample, dtype);
        if (other !== undefined) yield sampleCheck(kit, other, `sample ${sample.index} as ${dtype}`);
      }
    }
  }
}

function* behindProducers(kit: Kit, sample: Sample): Generator<Check> {
  const args = materialize(sample);
  for (const producer of producers) {
    if (!args.some(({ shape, dtype }) => producer.fits(shape, dtype))) continue;
    yield {
      op: sample.name,
      dtype: dtypesOf(sample.operands),
      case: `sample ${sample.index}, operands ${producer.name}`,
      run: () => graphAgrees(kit, withProducer(args, sample.record, producer, kit.evaluate)),
    };
  }
}

/** More elements than 65,535 workgroups of 256 threads take, which is the limit of one dimension of a dispatch. */
const LARGE = 65_535 * 256 + 22; // a multiple of 23

function* large(kit: Kit): Generator<Check> {
  const long: readonly (readonly [op: string, record: (x: Tensor) => Tensor])[] = [
    ["add", (x) => x.add(x)],
    ["reduce", (x) => applyOp(reduceOp, [x], { op: "sum", axes: [0] })[0]!],
    ["transpose", (x) => transpose(x.reshape([23, LARGE / 23])).add(1)],
  ];
  if (kit.backend.caps.limits.elements < LARGE || kit.backend.caps.limits.maxBufferBytes < 4 * LARGE) return;
  for (const [op, record] of long) {
    yield {
      op,
      dtype: "float32",
      case: `${LARGE} elements`,
      run() {
        const data = new Float64Array(LARGE).map((_, i) => (i % 31) - 15);
        return graphAgrees(
          kit,
          graphOf([{ dtype: "float32", shape: [LARGE], data }], ([x]) => [record(x!)]),
        );
      },
    };
  }
}
