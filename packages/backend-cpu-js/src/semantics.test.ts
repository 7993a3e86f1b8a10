import { createHash } from "node:crypto";
import type { Backend } from "@tenon/backend";
import { buildModule, cond, type Elements, encodeElements, Fn, input, type Tensor, whileLoop } from "@tenon/ir";
import { verify } from "@tenon/ir/verify";
import { expect, test } from "vitest";
import { lossesOf } from "../../conformance/src/training.ts";
import { initialParameters, trainingPrograms } from "../../conformance/src/training-programs.ts";
import { cpuJs } from "./index.ts";

const scalar = (dtype: "float32" | "int32" | "bool"): Tensor => input({ dtype, shape: [] });

/** The first result's first number, read at once. */
async function valueOf(
  backend: Backend,
  fn: Fn,
  args: readonly (readonly [Elements["dtype"], number])[],
): Promise<number> {
  const executable = await backend.compile(verify(buildModule({ entries: { main: fn } })), "main");
  const buffers = args.map(([dtype, value]) => {
    const bytes = encodeElements(dtype, Float64Array.of(value));
    const buffer = backend.alloc(bytes.byteLength);
    backend.write(buffer, bytes);
    return buffer;
  });
  const [result] = executable.run(buffers);
  return new Float32Array(backend.readSync!(result!).buffer)[0]!;
}

test("what a run computes is there when it returns", async () => {
  const x = scalar("float32");
  expect(await valueOf(await cpuJs().create(), new Fn("main", [x], [x.mul(x).add(1)]), [["float32", 3]])).toBe(10);
});

test("only the branch that is taken runs: the other one would never end", async () => {
  const [yes, x] = [scalar("bool"), scalar("float32")];
  const endless = () =>
    whileLoop(
      ([v]) => v!.less(1),
      ([v]) => [v!.mul(0.5)],
      [x.mul(0)],
    );
  const [y] = cond(yes, () => [x.add(1)], endless);
  expect(
    await valueOf(await cpuJs().create(), new Fn("main", [yes, x], [y!]), [
      ["bool", 1],
      ["float32", 3],
    ]),
  ).toBe(4);
});

test("a while loop ends after its largest number of trips, where its condition holds on", async () => {
  const x = scalar("float32");
  const [y] = whileLoop(
    ([v]) => v!.greater(0),
    ([v]) => [v!.add(1)],
    [x],
    { maxTrip: 6 },
  );
  expect(await valueOf(await cpuJs().create(), new Fn("main", [x], [y!]), [["float32", 1]])).toBe(7);
});

/** The losses of 20 steps of every net of the kit. */
async function losses(simd: "auto" | "portable"): Promise<Float32Array> {
  const found: number[] = [];
  for (const program of trainingPrograms) {
    const backend = await cpuJs({ simd }).create();
    found.push(...(await lossesOf(backend, program, initialParameters(program, 1), { steps: 20, seed: 1 })));
    await backend.close();
  }
  return Float32Array.from(found);
}

test("the same program gives the same bits in every run", async () => {
  expect(await losses("auto")).toEqual(await losses("auto"));
});

test("portable instructions give the same bits on every machine", async () => {
  const digest = createHash("sha256")
    .update(await losses("portable"))
    .digest("hex");
  expect(digest).toMatchInlineSnapshot(`"c689f680ce1619eb76bfd3cf1ce357760e22ec6ead826f3b91c0cd5b66e4b352"`);
});
