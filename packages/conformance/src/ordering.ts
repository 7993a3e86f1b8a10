import type { Backend, Buffer, Executable } from "@tenon/backend";
import { decodeElements, type Elements, encodeElements, Fn, input, TenonError, type Tensor } from "@tenon/ir";
import { compileOn, upload } from "./bench.ts";
import type { Check, Kit } from "./check.ts";

const LENGTH = 1000;
const type = { dtype: "float32", shape: [LENGTH] } as const;
const filled = (x: number): Elements => ({ ...type, data: new Float64Array(LENGTH).fill(x) });

function unary(f: (x: Tensor) => Tensor): Fn {
  const x = input(type);
  return new Fn("fn", [x], [f(x)]);
}

/** What a sequence of calls uses: a backend, two programs, and a way to say what a buffer should hold. */
class Sequence {
  readonly backend: Backend;
  readonly double: Executable;
  readonly next: Executable;
  private readonly pending: Promise<readonly string[]>[] = [];
  private readonly held = new Set<Buffer>();

  constructor(backend: Backend, double: Executable, next: Executable) {
    this.backend = backend;
    this.double = double;
    this.next = next;
  }

  given(x: number): Buffer {
    return this.hold(upload(this.backend, filled(x)));
  }

  write(to: Buffer, x: number): void {
    this.backend.write(to, encodeElements("float32", filled(x).data));
  }

  run(executable: Executable, x: Buffer, into?: Buffer): Buffer {
    return this.hold(executable.run([x], into === undefined ? {} : { results: [into] })[0]!);
  }

  /** Reads now, and compares when the bytes come. */
  expect(what: string, buffer: Buffer, wanted: number): void {
    const read = this.backend.read(buffer);
    this.pending.push(
      read.then((bytes) => {
        const wrong = decodeElements("float32", bytes).find((x) => x !== wanted);
        return wrong === undefined ? [] : [`${what} is ${wrong}, not ${wanted}`];
      }),
    );
  }

  async problems(): Promise<readonly string[]> {
    return (await Promise.all(this.pending)).flat();
  }

  private hold(buffer: Buffer): Buffer {
    this.held.add(buffer);
    return buffer;
  }
}

/** Calls that are made one after another without waiting. */
const sequences: Readonly<Record<string, (s: Sequence) => void | Promise<void>>> = {
  "a read sees the run before it"(s) {
    s.expect("2·3", s.run(s.double, s.given(3)), 6);
  },
  "a buffer that was read before is read anew after a run"(s) {
    const y = s.given(1);
    s.expect("the buffer before", y, 1);
    s.run(s.double, s.given(4), y);
    s.expect("the buffer after", y, 8);
    s.run(s.double, y, s.given(0));
    s.run(s.next, s.given(1), y);
    s.expect("the buffer at last", y, 2);
  },
  async "a buffer that was read to the end is read anew after a run"(s) {
    const y = s.given(1);
    await s.backend.read(y);
    s.run(s.double, s.given(4), y);
    s.expect("the buffer", y, 8);
  },
  "a read does not see what comes after it"(s) {
    const x = s.given(5);
    s.expect("the old value", x, 5);
    s.write(x, 7);
    s.expect("the new value", x, 7);
  },
  "a run does not see what is written after it"(s) {
    const x = s.given(3);
    const y = s.run(s.double, x);
    s.write(x, 100);
    s.expect("2·3", y, 6);
  },
  "interleaved programs run in order"(s) {
    let x = s.given(1);
    for (let i = 0; i < 6; i++) x = s.run(i % 2 === 0 ? s.double : s.next, x);
    s.expect("((1·2+1)·2+1)·2+1", x, 15);
  },
  "one program runs twice with other arguments"(s) {
    const [a, b] = [s.run(s.double, s.given(2)), s.run(s.double, s.given(5))];
    s.expect("2·5", b, 10);
    s.expect("2·2", a, 4);
  },
  "copies stand in the same order"(s) {
    const [x, y] = [s.given(1), s.given(2)];
    s.backend.copy(s.run(s.double, x), y);
    const z = s.run(s.next, y);
    s.backend.copy(x, y);
    s.expect("2·1+1", z, 3);
    s.expect("the copy", y, 1);
  },
  "arguments may be released when the run was called"(s) {
    const x = s.given(21);
    const y = s.run(s.double, x);
    x.release();
    for (let i = 0; i < 4; i++) s.given(1000); // which may stand where x stood
    s.expect("2·21", y, 42);
  },
  "a program may be disposed of when its run was called"(s) {
    const y = s.run(s.next, s.given(1));
    s.next.dispose();
    s.expect("1+1", y, 2);
    s.expect("2·(1+1)", s.run(s.double, y), 4);
  },
  "results may be released before they are computed"(s) {
    const x = s.given(1);
    for (let i = 0; i < 10; i++) s.run(s.double, x).release();
    s.expect("2·1", s.run(s.double, x), 2);
  },
  async "what was read before closing arrives"(s) {
    const y = s.run(s.double, s.given(4));
    s.expect("2·4", y, 8);
    await s.backend.sync();
  },
};

/** Item 7: calls take effect in the order in which they were made, and errors arrive. */
export function* ordering(kit: Kit): Generator<Check> {
  const check = (title: string, run: (backend: Backend) => Promise<readonly string[]>): Check => ({
    op: "run",
    dtype: "float32",
    case: title,
    async run() {
      const backend = await kit.factory.create();
      try {
        return await run(backend);
      } finally {
        await backend.close();
      }
    },
  });
  for (const [title, calls] of Object.entries(sequences)) yield check(title, (backend) => inSequence(backend, calls));
  yield check("programs are compiled side by side", sideBySide);
  yield check("an error reaches the caller of read, and spoils nothing else", refusedRead);
  if (kit.failing !== undefined)
    yield check("an error of a run waits in its results and in sync", (backend) => deferred(backend, kit.failing!));
}

async function inSequence(backend: Backend, calls: (s: Sequence) => void | Promise<void>): Promise<readonly string[]> {
  const double = await compileOn(
    backend,
    unary((x) => x.mul(2)),
  );
  const next = await compileOn(
    backend,
    unary((x) => x.add(1)),
  );
  const sequence = new Sequence(backend, double, next);
  await calls(sequence);
  const problems = await sequence.problems();
  await backend.sync();
  return problems;
}

async function sideBySide(backend: Backend): Promise<readonly string[]> {
  const factors = [2, 3, 5, 7];
  const programs = await Promise.all(
    factors.map((factor) =>
      compileOn(
        backend,
        unary((x) => x.mul(factor)),
      ),
    ),
  );
  const x = upload(backend, filled(1));
  const reads = programs.map((program) => backend.read(program.run([x])[0]!));
  const found = (await Promise.all(reads)).map((bytes) => decodeElements("float32", bytes)[LENGTH - 1]);
  return factors.flatMap((factor, i) => (found[i] === factor ? [] : [`program ${i} gives ${found[i]}, not ${factor}`]));
}

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "no error",
    (error: unknown) => (error instanceof TenonError ? error.code : String(error)),
  );

async function refusedRead(backend: Backend): Promise<readonly string[]> {
  const [x, gone] = [upload(backend, filled(1)), upload(backend, filled(2))];
  gone.release();
  const [released, outside, good] = await Promise.all([
    codeOf(backend.read(gone)),
    codeOf(backend.read(x, 4 * LENGTH - 4, 8)),
    backend.read(x),
  ]);
  return [
    ...(released === "E535" ? [] : [`reading a released buffer gives ${released}, not E535`]),
    ...(outside === "E536" ? [] : [`reading beyond the end gives ${outside}, not E536`]),
    ...(decodeElements("float32", good)[0] === 1 ? [] : ["another buffer was spoiled"]),
  ];
}

async function deferred(backend: Backend, failing: Fn): Promise<readonly string[]> {
  const program = await compileOn(backend, failing);
  const double = await compileOn(
    backend,
    unary((x) => x.mul(2)),
  );
  const args = program.signature.inputs.map(({ type }) =>
    upload(backend, { dtype: type.dtype, ...zeros(type.shape as readonly number[]) }),
  );
  const good = upload(backend, filled(4));
  const before = backend.read(double.run([good])[0]!);
  const [spoiled] = program.run(args); // must not throw
  const after = backend.read(double.run([good])[0]!);
  const error = await codeOf(backend.read(spoiled!));
  const [first, second] = [await codeOf(backend.sync()), await codeOf(backend.sync())];
  const values = [await before, await after].map((bytes) => decodeElements("float32", bytes)[0]);
  return [
    ...(error === "no error" ? ["the failed run's result can be read"] : []),
    ...(first === "no error" ? ["sync does not tell of the failed run"] : []),
    ...(second === "no error" ? [] : [`a second sync tells of it again: ${second}`]),
    ...(values.every((x) => x === 8) ? [] : [`runs before and after it give ${values.join(" and ")}, not 8`]),
  ];
}

const zeros = (shape: readonly number[]): { shape: readonly number[]; data: Float64Array } => ({
  shape,
  data: new Float64Array(shape.reduce((n, d) => n * d, 1)),
});
