import { type Backend, type Buffer, byteLengthOf } from "@tenon/backend";
import {
  type ConcreteType,
  type DType,
  dynamicSlice,
  dynamicUpdate,
  type Elements,
  encodeElements,
  Fn,
  gather,
  OptionError,
  scatter,
} from "@tenon/ir";
import { allSamples, materialize } from "@tenon/ir/samples";
import { compileOn, download, runWith } from "./bench.ts";
import { type Check, drawOf, dtypesOf, type Kit, valuesOf } from "./check.ts";
import { expectedResults, problemsOf } from "./judge.ts";
import { type Graph, graphOf } from "./vector-cases.ts";

/** Options that only help to find faults; a backend that does not know them is used without. */
const debugging: readonly object[] = [{ debug: { poison: true, sentinels: true } }, { debug: { poison: true } }];

/** A backend whose fresh memory holds no likely number, and whether it has taken that option. */
async function poisoned({ factory }: Kit): Promise<{ readonly backend: Backend; readonly poisons: boolean }> {
  for (const options of debugging) {
    try {
      return { backend: await factory.create(options), poisons: true };
    } catch (error) {
      if (!(error instanceof OptionError)) throw error;
    }
  }
  return { backend: await factory.create(), poisons: false };
}

/** Every sample, into buffers full of NaN between two others that must not change; and indices out of range. */
export function* surroundings(kit: Kit): Generator<Check> {
  let opened: ReturnType<typeof poisoned> | undefined;
  const backend = async (): Promise<Backend> => (await (opened ??= poisoned(kit))).backend;
  yield {
    ...{ op: "alloc", dtype: "float32", case: "fresh memory is poisoned where the backend takes that option" },
    async run() {
      const { backend, poisons } = await (opened ??= poisoned(kit));
      const fresh = backend.alloc(24);
      const found = new Float32Array((await backend.read(fresh)).buffer);
      fresh.release();
      return poisons && !found.every(Number.isNaN) ? [`it holds ${found.join(", ")}`] : [];
    },
  };
  for (const sample of allSamples()) {
    yield {
      op: sample.name,
      dtype: dtypesOf(sample.operands),
      case: `sample ${sample.index}, between sentinels, in poisoned memory`,
      run: async () => surrounded(kit, await backend(), graphOf(materialize(sample), sample.record)),
    };
  }
  for (const { op, dtype, title, graph } of outOfBounds(kit))
    yield { op, dtype, case: title, run: async () => surrounded(kit, await backend(), graph()) };
  yield {
    op: "close",
    dtype: "none",
    case: "nothing is left of the runs between sentinels",
    async run() {
      const { liveBuffers, liveBytes } = (await backend()).stats();
      await (await backend()).close();
      return liveBuffers === 0 ? [] : [`${liveBuffers} buffers of ${liveBytes} bytes are alive`];
    },
  };
}

/** Bytes of each sentinel, and what stands in it. */
const SENTINEL_BYTES = 64;
const SENTINEL = 0xa5;
/** NaN in every float, and no likely number in an integer. */
const POISON = 0xff;

/** A buffer between two others, in one group. */
class Guarded {
  readonly buffer: Buffer;
  private readonly sides: readonly Buffer[];
  private readonly backend: Backend;

  constructor(backend: Backend, content: Uint8Array) {
    const [before, middle, after] = backend.allocGroup(
      [SENTINEL_BYTES, content.byteLength, SENTINEL_BYTES],
      "parameter",
    );
    this.backend = backend;
    this.sides = [before!, after!];
    this.buffer = middle!;
    for (const side of this.sides) backend.write(side, new Uint8Array(SENTINEL_BYTES).fill(SENTINEL));
    backend.write(this.buffer, content);
  }

  /** What happened to the bytes beside the buffer. */
  async problems(name: string): Promise<readonly string[]> {
    const bytes = await Promise.all(this.sides.map((side) => this.backend.read(side)));
    return bytes.flatMap((side, i) => {
      const at = side.findIndex((byte) => byte !== SENTINEL);
      return at < 0
        ? []
        : [
            `byte ${at} of the ${SENTINEL_BYTES} ${i === 0 ? "before" : "after"} ${name} was overwritten with ${side[at]}`,
          ];
    });
  }

  release(): void {
    for (const buffer of [...this.sides, this.buffer]) buffer.release();
  }
}

async function surrounded(kit: Kit, backend: Backend, { inputs, results, args }: Graph): Promise<readonly string[]> {
  const executable = await compileOn(backend, new Fn("fn", inputs, results));
  const held: { release(): void }[] = [];
  const guarded = (content: Uint8Array): Guarded => {
    const guard = new Guarded(backend, content);
    held.push(guard);
    return guard;
  };
  try {
    const contents = args.map(({ dtype, data }) => encodeElements(dtype, data));
    const given = contents.map(guarded);
    const types = results.map(({ dtype, shape }): ConcreteType => ({ dtype, shape: shape as readonly number[] }));
    const wanted = types.map((type) => guarded(new Uint8Array(byteLengthOf(type)).fill(POISON)));
    const [from, into] = [given, wanted].map((guards) => guards.map(({ buffer }) => buffer)) as [Buffer[], Buffer[]];
    const found = runWith(executable, args, from, into);
    held.push(...found);
    const problems = found.flatMap((buffer, i) =>
      buffer === into[i] ? [] : [`result ${i} is not in the buffer that was given for it`],
    );
    const expected = expectedResults(results, valuesOf(inputs, args), kit.evaluate, kit.level);
    problems.push(...problemsOf(expected, await download(backend, executable, args, found)));
    const again = runWith(executable, args, from); // into memory that the backend allocates
    held.push(...again);
    problems.push(...problemsOf(expected, await download(backend, executable, args, again)));
    for (const [i, guard] of given.entries()) problems.push(...(await guard.problems(`input ${i}`)));
    for (const [i, guard] of wanted.entries()) problems.push(...(await guard.problems(`result ${i}`)));
    for (const [i, buffer] of from.entries()) {
      const now = await backend.read(buffer);
      if (!now.every((byte, j) => byte === contents[i]![j])) problems.push(`input ${i} was changed by the run`);
    }
    return problems;
  } finally {
    for (const one of held) one.release();
    executable.dispose();
  }
}

/** A graph that is run between sentinels. */
interface Surrounded {
  readonly op: string;
  readonly dtype: DType;
  readonly title: string;
  readonly graph: () => Graph;
}

/** Indices on both sides of a range, and the extremes. */
const indices = [0, -1, 3, 4, 5, 2, 1_000_000, -(2 ** 31), 2 ** 31 - 1];

function* outOfBounds(kit: Kit): Generator<Surrounded> {
  const at: Elements = { dtype: "int32", shape: [indices.length], data: Float64Array.from(indices) };
  const draw = drawOf(kit, "out of bounds");
  for (const dtype of ["float32", "int32", "bool"] as const) {
    const [x, u, block] = [
      [5, 3],
      [indices.length, 3],
      [2, 2],
    ].map((shape) => draw.elements({ dtype, shape }));
    yield {
      ...{ op: "gather", dtype, title: "indices out of range" },
      graph: () => graphOf([x!, at], ([x, i]) => [gather(x!, i!, { axis: 0 })]),
    };
    for (const mode of dtype === "bool" ? (["set"] as const) : (["add", "set", "max", "min"] as const)) {
      yield {
        ...{ op: "scatter", dtype, title: `${mode}, indices out of range` },
        graph: () => graphOf([x!, at, u!], ([x, i, u]) => [scatter(x!, i!, u!, { axis: 0, mode })]),
      };
    }
    for (const index of indices) {
      const start: Elements = { dtype: "int32", shape: [], data: Float64Array.of(index) };
      yield {
        ...{ op: "dynamic_slice", dtype, title: `start ${index}` },
        graph: () => graphOf([x!, start], ([x, i]) => [dynamicSlice(x!, [i!, i!], [2, 2])]),
      };
      yield {
        ...{ op: "dynamic_update", dtype, title: `start ${index}` },
        graph: () => graphOf([x!, block!, start], ([x, u, i]) => [dynamicUpdate(x!, u!, [i!, i!])]),
      };
    }
  }
}
