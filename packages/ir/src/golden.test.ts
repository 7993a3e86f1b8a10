import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { differences, tolerances } from "@tenon/conformance";
import { describe, expect, test } from "vitest";
import { moduleFromBinary, moduleToBinary } from "./binary.ts";
import { goldenModule, goldenValues, opsOf, readGoldenValues, runEntry } from "./golden.test-kit.ts";
import {
  canonicalModule,
  dtypeNames,
  type FunctionDef,
  IR_VERSION,
  lookupOp,
  type Module,
  type NumericClass,
  valueTypes,
} from "./index.ts";
import { moduleFromJson, moduleToJson } from "./json.ts";
import { currentOps } from "./opset-lock.test-kit.ts";
import { parseModule, printModule } from "./text.ts";
import { verify } from "./verify.ts";

// One golden module for each minor version. The newest may be written anew until it is released; the others never.
const folder = new URL("../golden/", import.meta.url);
const newest = `ir-${IR_VERSION.join(".")}`;
const pathOf = (version: string, kind: "tnir" | "safetensors"): URL => new URL(`${version}.${kind}`, folder);

if (process.env.TENON_UPDATE !== undefined && !isReleased()) {
  mkdirSync(folder, { recursive: true });
  const module = verify(goldenModule());
  writeFileSync(pathOf(newest, "tnir"), moduleToBinary(module));
  writeFileSync(pathOf(newest, "safetensors"), goldenValues(module));
}

function isReleased(): boolean {
  const lock = new URL("../opset.lock.json", import.meta.url);
  return existsSync(lock) && Object.keys(JSON.parse(readFileSync(lock, "utf8")).released).length > 0;
}

const versions = readdirSync(folder).flatMap((file) =>
  file.endsWith(".tnir") ? [file.slice(0, -".tnir".length)] : [],
);

describe.each(versions)("%s", (version) => {
  const bytes = new Uint8Array(readFileSync(pathOf(version, "tnir")));
  const module = moduleFromBinary(bytes);

  test("is well-formed and its own canonical form", () => {
    verify(module);
    expect(Buffer.compare(moduleToBinary(canonicalModule(module)), bytes)).toBe(0);
  });

  test("is written byte for byte as it was, whichever form it went through", () => {
    expect(Buffer.compare(moduleToBinary(module), bytes)).toBe(0);
    for (const read of [parseModule(printModule(module)), moduleFromJson(moduleToJson(module))]) {
      expect(Buffer.compare(moduleToBinary({ ...read, tables: module.tables }), bytes)).toBe(0);
    }
  });

  test("computes what it computed", () => {
    const runs = readGoldenValues(new Uint8Array(readFileSync(pathOf(version, "safetensors"))), module.entries.keys());
    expect(runs.length).toBe(module.entries.size - 1); // all but the opaque op
    for (const { entry, args, results } of runs) {
      const tolerance = tolerances[loosestOf(module, entry)].ieee;
      const actual = runEntry(module, entry, args);
      expect(actual.map(({ dtype, shape }) => ({ dtype, shape }))).toEqual(
        results.map(({ dtype, shape }) => ({ dtype, shape })),
      );
      for (const [i, { dtype, data }] of results.entries())
        expect(differences(dtype, data, actual[i]!.data, tolerance), `${entry} result ${i}`).toEqual([]);
    }
  });
});

test("the newest golden module has every op and dtype; TENON_UPDATE=1 writes it anew", () => {
  const module = moduleFromBinary(new Uint8Array(readFileSync(pathOf(newest, "tnir"))));
  expect([...Object.keys(currentOps())].filter((op) => !opsOf(module).has(op))).toEqual([]);
  const found = new Set(module.functions.flatMap((fn) => valueTypes(fn).map(({ dtype }) => dtype)));
  expect(dtypeNames.filter((dtype) => !found.has(dtype))).toEqual([]);
});

const order: readonly NumericClass[] = ["exact", "rounded", "division", "transcendental", "accumulate"];

/** The least exact class among the ops of an entry. */
function loosestOf(module: Module, entry: string): NumericClass {
  const fn: FunctionDef = module.functions.find(({ name }) => name === module.entries.get(entry))!;
  return order[Math.max(0, ...fn.ops.map(({ op }) => order.indexOf(lookupOp(op)?.numeric ?? "accumulate")))]!;
}
