import { allSamples, type Sample } from "@tenon/ir/samples";
import { expect, test } from "vitest";
import { type Attrs, buildModule, Fn, input, type Module, type OpRow, type TensorType } from "./index.ts";
import { verifyModule } from "./verify.ts";
import { faultText } from "./verify-fault.ts";

const title = ({ name, index }: Sample): string => `${name}/${index}`;

function moduleOf(sample: Sample): Module {
  const inputs = sample.operands.map(({ dtype, shape }) => input({ dtype, shape }));
  return buildModule({ entries: { sample: new Fn("sample", inputs, sample.record(inputs)) } });
}

test("every sample is a well-formed module", () => {
  const faults = allSamples().flatMap((sample) =>
    verifyModule(moduleOf(sample)).map((fault) => `${title(sample)}: ${faultText(fault)}`),
  );
  expect(faults).toEqual([]);
});

/** Each module that differs from a well-formed one in one operand, attribute or type. */
function* damaged(module: Module): Generator<Module> {
  const types: readonly TensorType[] = [
    { dtype: "int32", shape: [] },
    { dtype: "float32", shape: [3, 1, 2] },
    { dtype: "bool", shape: [0] },
  ];
  const values: readonly unknown[] = [
    -1,
    0,
    1.5,
    2 ** 31,
    "sum",
    true,
    [],
    [0],
    [0, 0],
    [7, -7],
    [[0], [9]],
    null,
    {},
    { signature: 0, name: "none" },
    new Uint8Array(3),
  ];
  for (const [f, fn] of module.functions.entries()) {
    const withRow = (i: number, row: OpRow): Module => ({
      ...module,
      functions: module.functions.map((g, j) =>
        j === f ? { ...g, ops: g.ops.map((r, k) => (k === i ? row : r)) } : g,
      ),
    });
    const withInput = (i: number, type: TensorType): Module => ({
      ...module,
      functions: module.functions.map((g, j) =>
        j === f ? { ...g, inputs: g.inputs.map((r, k) => (k === i ? { ...r, type } : r)) } : g,
      ),
    });
    for (const [i, { type }] of fn.inputs.entries()) {
      for (const other of types) yield withInput(i, other);
      yield withInput(i, { ...type, shape: type.shape.slice(1) });
    }
    for (const [i, row] of fn.ops.entries()) {
      for (let n = 0; n < row.operands.length; n++) yield withRow(i, { ...row, operands: row.operands.with(n, 0) });
      yield withRow(i, { ...row, operands: row.operands.slice(1) });
      yield withRow(i, { ...row, operands: [...row.operands, 0] });
      yield withRow(i, { ...row, types: [...row.types, ...row.types] });
      for (const name of Object.keys(row.attrs)) {
        for (const value of values) yield withRow(i, { ...row, attrs: { ...row.attrs, [name]: value } as Attrs });
        const { [name]: _, ...rest } = row.attrs;
        yield withRow(i, { ...row, attrs: rest });
      }
    }
  }
}

test("a damaged sample is refused by a rule that says why, or is another well-formed module", () => {
  let modules = 0;
  const crashes = new Set<string>();
  for (const sample of allSamples().filter(({ index }) => index < 2)) {
    for (const module of damaged(moduleOf(sample))) {
      modules++;
      for (const fault of verifyModule(module)) {
        if (fault.code === "E319") crashes.add(`${title(sample)}: ${faultText(fault)}`); // the type rule failed
      }
    }
  }
  expect([...crashes]).toEqual([]);
  expect(modules).toBeGreaterThan(1000);
});
