import {
  applyOp,
  decodeElements,
  dtypeNames,
  Fn,
  isFloat,
  lookupOp,
  type OpRecord,
  reduceOp,
  roundToDType,
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
    const shapes = kit.profile === "full" ? shapeClasses : [shapeClasses[next++ % shapeClasses.length]!];
    for (const shape of shapes) {
      const title = `${settings}shape [${shape.join(", ")}]`;
      yield { ...common, case: title, run: () => scalarAgrees(kit, scalar, shape, title) };
    }
    if (kit.profile === "full" && op.inputs.length === 1 && /^b?float16$/.test(dtypes[0]!))
      yield { ...common, case: `${settings}all 65,536 patterns`, run: () => everyPattern(kit, scalar) };
  }
}

/** Operands that range over all combinations of the special values of their dtypes. */
async function specialAgrees(kit: Kit, { op, attrs, dtypes }: ScalarCase): Promise<readonly string[]> {
  const lists = dtypes.map(specialValues);
  const rows = lists.reduce<readonly (readonly number[])[]>(
    (before, list) => before.flatMap((row) => list.map((x) => [...row, x])),
    [[]],
  );
  const args = dtypes.map((dtype, i) => ({
    dtype,
    shape: [rows.length],
    data: Float64Array.from(rows, (row) => roundToDType(dtype, row[i]!)),
  }));
  const { inputs, results } = graphOf(args, (xs) => applyOp(op, xs, attrs));
  const actual = await runOn(kit.backend, new Fn("fn", inputs, results), args);
  const [expected] = expectedResults(results, valuesOf(inputs, args), kit.evaluate, kit.level);
  const dtype = dtypes.at(-1)!;
  rows.forEach((row, i) => {
    if (!isSpecified(op.name, dtype, row)) expected!.allowed[i] = Infinity;
  });
  return problemsOf([expected!], actual).map((problem) => {
    const at = Number(/ at (\d+) /.exec(problem)?.[1]);
    return Number.isNaN(at) ? problem : `${problem}; operands ${args.map(({ data }) => data[at]).join(", ")}`;
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
