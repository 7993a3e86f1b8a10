import type { Backend } from "@tenon/backend";
import { TenonError } from "@tenon/ir";
import type { Check, Kit } from "./check.ts";
import { compiled, excluded, large, type Misuse, misuses, sum } from "./misuses.ts";

/** Item 8: what a backend cannot or must not do is refused with the documented code, and harms nothing. */
export function* refusal(kit: Kit): Generator<Check> {
  for (const one of [...misuses, ...excluded(kit.backend.caps)]) {
    yield {
      op: one.op,
      dtype: one.dtype ?? "float32",
      case: `${one.title}: ${one.code}`,
      run: () => refused(kit, one),
    };
  }
  yield { op: "create", dtype: "none", case: "an unknown option: E801", run: () => unknownOption(kit) };
  yield {
    op: "compile",
    dtype: "float32",
    case: "a memory budget of the plan's own size is enough",
    run: () => withinBudget(kit),
  };
  yield { op: "close", dtype: "none", case: "twice", run: () => closedTwice(kit) };
}

async function refused({ factory }: Kit, { code, misuse }: Misuse): Promise<readonly string[]> {
  const backend = await factory.create();
  try {
    const problems = await wrongCode(code, () => misuse(backend));
    return problems.length > 0 || code === "E537" ? problems : await stillWorks(backend);
  } finally {
    await backend.close();
  }
}

async function wrongCode(code: string, misuse: () => unknown): Promise<readonly string[]> {
  try {
    await misuse();
  } catch (error) {
    if (error instanceof TenonError && error.code === code) return [];
    return [`the error should have code ${code}, but is ${error}`];
  }
  return [`there is no error where ${code} is wanted`];
}

async function stillWorks(backend: Backend): Promise<readonly string[]> {
  await backend.sync().catch(() => undefined); // tells of the refusal where it was deferred
  const program = await compiled(backend, sum());
  const [x, y] = [backend.alloc(12), backend.alloc(12)];
  backend.write(x, new Uint8Array(Float32Array.of(1, 2, 3).buffer));
  backend.write(y, new Uint8Array(Float32Array.of(10, 20, 30).buffer));
  const bytes = await backend.read(program.run([x, y])[0]!);
  const found = [...new Float32Array(bytes.slice().buffer)].join(", ");
  return found === "11, 22, 33" ? [] : [`after the refusal a sum is ${found}, not 11, 22, 33`];
}

const unknownOption = ({ factory }: Kit): Promise<readonly string[]> =>
  wrongCode("E801", async () => (await factory.create({ thraeds: 2 })).close());

async function withinBudget({ backend }: Kit): Promise<readonly string[]> {
  const free = await compiled(backend, large());
  const peak = free.plan.peakBytes();
  free.dispose();
  if (!(Number.isSafeInteger(peak) && peak > 0)) return [`the plan's peak is ${peak} bytes`];
  (await compiled(backend, large(), { memoryBudget: peak })).dispose();
  return [];
}

async function closedTwice({ factory }: Kit): Promise<readonly string[]> {
  const backend = await factory.create();
  backend.alloc(8);
  await backend.close();
  await backend.close();
  const { liveBuffers, liveBytes } = backend.stats();
  return liveBuffers === 0 && liveBytes === 0
    ? []
    : [`${liveBuffers} buffers of ${liveBytes} bytes outlive the backend`];
}
