import type { Backend } from "@tenon/backend";
import { cpuJs } from "@tenon/backend-cpu-js";
import { BackendError } from "@tenon/ir";
import { expect, test } from "vitest";
import { losing } from "../../backend/src/losing.test-kit.ts";
import {
  capabilitiesOf,
  compile,
  hostState,
  isDeviceLost,
  ones,
  spec,
  type Tensor,
  tensor,
  type Variable,
  variable,
  zeros,
} from "./index.ts";

const valuesOf = async (v: Variable): Promise<number[]> => Array.from((await v.value.data()) as Float32Array);

/** Steps that multiply `x` by what they are given and count in `n`; `frozen` is only read. */
function steps(backend: ReturnType<typeof losing>["factory"]) {
  const [x, n, frozen] = [variable([1, 2]), variable(tensor(0, { dtype: "int32" })), variable([3, 4])];
  const step = compile(
    (by: Tensor) => {
      x.assign(x.value.mul(by));
      n.assign(n.value.add(1));
      return x.value.add(frozen.value);
    },
    { inputs: [spec([])], backend },
  );
  return { x, n, frozen, step };
}

test("steps since the state was kept are repeated to the same values after a loss", async () => {
  const backend = losing(cpuJs());
  const { x, n, frozen, step } = steps(backend.factory);
  await step(2);
  const kept = await hostState(step.variables, { backend: backend.factory });
  expect(kept.byteLength).toBe(8 + 4 + 8);
  const loss = await step(3);
  backend.fate = () => backend.losses === 0;
  const error = await loss.data().catch((error: unknown) => error);
  expect([isDeviceLost(error), isDeviceLost(new BackendError("E541", "run", "it failed")), isDeviceLost(1)]).toEqual([
    ...[true, false, false],
  ]);
  await kept.restore();
  expect([await valuesOf(x), await valuesOf(n), await valuesOf(frozen)]).toEqual([[2, 4], [1], [3, 4]]);
  expect(Array.from(await (await step(3)).data())).toEqual([9, 16]);
  expect([await valuesOf(x), await valuesOf(n)]).toEqual([[6, 12], [2]]);
});

test("the values are of the moment of the call, and what has not changed since an earlier state is not read again", async () => {
  const backend = losing(cpuJs());
  const { x, n, step } = steps(backend.factory);
  const other = variable([7, 8]);
  await step(2);
  const reading = hostState([x, { n, rest: [other] }], { backend: backend.factory });
  await step(5);
  const first = await reading;
  const { reads } = backend;
  other.assign(tensor([9, 10]));
  const second = await hostState([x, { n, rest: [other] }], { backend: backend.factory, since: first });
  expect(backend.reads - reads).toBe(2); // what was assigned is on the host
  const third = await hostState([x, { n, rest: [other] }], { backend: backend.factory, since: second });
  expect(backend.reads - reads).toBe(2);
  await first.restore();
  expect([await valuesOf(x), await valuesOf(n), await valuesOf(other)]).toEqual([[2, 4], [1], [7, 8]]);
  await third.restore();
  expect([await valuesOf(x), await valuesOf(n), await valuesOf(other)]).toEqual([[10, 20], [2], [9, 10]]);
});

test("a Variable's version goes up with every new value", async () => {
  const { x, frozen, step } = steps(cpuJs());
  const before = [x.version, frozen.version];
  await step(2);
  await x.value.data();
  expect([x.version, frozen.version]).toEqual([before[0]! + 1, before[1]]);
  x.assign(zeros([2]));
  expect(x.version).toBe(before[0]! + 2);
});

test("what the host has as well is written again after a loss: arguments, captured tensors, Variables that are only read", async () => {
  const backend = losing(cpuJs());
  const { factory } = backend;
  const size = 20_000; // of more bytes than are written anew for each call
  const twos = await compile(() => ones([size]).mul(2), { backend: factory })();
  const [frozen, x] = [variable(ones([size])), tensor(new Float32Array(size).fill(5))];
  const step = compile((t: Tensor) => t.add(frozen.value).mul(twos).sum(), {
    inputs: [spec([size])],
    backend: factory,
  });
  for (let i = 0; i < 3; i++) expect(await (await step(x)).item()).toBe(12 * size);
  const kept = await hostState(step.variables, { backend: factory });
  backend.fate = () => backend.losses === 0;
  await expect((async () => (await step(x)).item())()).rejects.toThrow("E543");
  await kept.restore();
  expect(await (await step(x)).item()).toBe(12 * size);
});

test("where no other device can be had, giving the state back is an error", async () => {
  const gone = (): never => {
    throw new BackendError("E543", "fake", "the device was lost: no other one can be had");
  };
  const inner = cpuJs();
  const create = async () =>
    Object.assign(Object.create(await inner.create()), { sync: async () => gone() }) as Backend;
  const v = variable([1]);
  const kept = await hostState(v, { backend: { ...inner, create } });
  await expect(kept.restore()).rejects.toThrow("no other one can be had");
});

test("options are checked, and what has no Variables is refused", async () => {
  await expect(hostState(variable([1]), { sinse: 1 } as never)).rejects.toThrow("did you mean since?");
  await expect(hostState([tensor([1])] as never)).rejects.toThrow("E803");
});

test("what a backend can do is known once it is open", async () => {
  expect((await capabilitiesOf(losing(cpuJs()).factory)).features).toContain("may-lose-device");
  expect((await capabilitiesOf(cpuJs())).features).not.toContain("may-lose-device");
});
